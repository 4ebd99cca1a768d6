import { signUrl, type UrlRequest } from '../sign/v4.ts';
import type { Answer, NoAnswer } from './ask.ts';
import { codeOf, said } from './ask.ts';
import type { Probe } from './bucket.ts';
import { failed, type Outcome, passed } from './finding.ts';
import type { NamedSigner } from './signers.ts';
import type { Storage } from './storage.ts';

const lifetimeSeconds = 300;
/** Between the URLs that HMAC makes, of about 420 characters, and RSA's, of about 860. */
const shortUrl = 640;

/** A URL that fetches the probe: signed now, or at another time. */
export function probeUrl(
  { endpoint, bucket }: Storage,
  { object, generation }: Probe,
  { signer }: NamedSigner,
  now: Date,
  origin = endpoint,
): Promise<string> {
  const request: UrlRequest = { method: 'GET', bucket, object, endpoint: origin, query: { generation } };
  return signUrl(request, signer, { now, expiresSeconds: lifetimeSeconds });
}

/** Whether the storage takes what this signer signs, and no longer than it may. Finds a signer that works. */
export async function checkSigner(
  storage: Storage,
  probe: Probe,
  by: NamedSigner,
  clock: () => Date,
): Promise<Outcome<NamedSigner>> {
  const { ask } = storage;
  const url = await probeUrl(storage, probe, by, clock());
  const fetched = await ask(url);
  if (fetched.status !== 200) return failed(refusal(storage, by, fetched));
  if (!fetched.body.equals(probe.bytes))
    return failed('the signed URL gave other bytes than were written; see what stands between');

  const head = await ask(url, { method: 'HEAD' });
  if (head.status !== 200 || Number(head.headers['content-length']) !== probe.bytes.length)
    return failed(`HEAD on a URL signed for GET: ${said(head)}; see what stands between`);

  const ranged = await ask(url, { headers: { range: 'bytes=10-19' } });
  if (ranged.status !== 206 || !ranged.body.equals(probe.bytes.subarray(10, 20)))
    return failed(
      `a Range of a signed URL: ${said(ranged)}, without which a broken stream cannot go on; see what stands between`,
    );

  const then = new Date(clock().getTime() - 2 * lifetimeSeconds * 1000);
  const expired = await ask(await probeUrl(storage, probe, by, then));
  if (expired.status !== 400 || codeOf(expired) !== 'ExpiredToken')
    return failed(
      `an expired URL is answered ${said(expired)} and not 400 ExpiredToken; BROKER_STORAGE_ENDPOINT must name a storage that verifies signatures`,
    );
  const length =
    url.length > shortUrl && storage.kind === 'gcs'
      ? `of ${url.length} characters; firmware with small buffers wants half of that, which an HMAC key gives (BROKER_HMAC_ACCESS_ID)`
      : `of ${url.length} characters`;
  return passed(`fetch, HEAD and Range work, an expired URL does not; URLs are ${length}`, by);
}

/** Why a storage did not take a fresh signature. */
function refusal(
  { kind, bucket }: Storage,
  { name, signer }: NamedSigner,
  answer: Answer | NoAnswer,
): string {
  const what = `a URL signed by ${signer.identity}: ${said(answer)}`;
  const settings = {
    hmac: 'BROKER_HMAC_ACCESS_ID and BROKER_HMAC_SECRET',
    rsa: 'BROKER_RSA_KEY_FILE',
    iam: 'BROKER_SERVICE_ACCOUNT',
  }[name];
  if (answer.status !== 403) return `${what}; try again, and look at BROKER_STORAGE_ENDPOINT if it stays so`;
  if (kind === 'local')
    return `${what}; the running broker was started with another key: give its settings (${settings}), or start it anew`;
  if (codeOf(answer) === 'SignatureDoesNotMatch')
    return `${what}; ${settings} must be one key that is in force: correct it, or make a new one`;
  const grant = `grant roles/storage.objectAdmin on gs://${bucket}`;
  if (name !== 'hmac')
    return `${what}; ${grant} to ${signer.identity}, and see that its key is in force (${settings})`;
  return /polic|constraint/i.test(said(answer))
    ? `${what}; an organization policy (constraints/storage.restrictAuthTypes) forbids HMAC: set BROKER_SIGNER=iam and leave ${settings} out`
    : `${what}; see that the key is active (gcloud storage hmac describe ${signer.identity}) and ${grant} to its service account; if an organization policy forbids HMAC (constraints/storage.restrictAuthTypes), set BROKER_SIGNER=iam and leave ${settings} out`;
}
