import { canonicalRequest, type SignedRequest, stringToSign } from './canonical-request.ts';
import { diagnose } from './diagnose-signature.ts';
import { signatureCheck, type VerifyingKey } from './signature-check.ts';
import { type Hosts, type Received, readRequest } from './signed-url-request.ts';
import { SIGNING_PARAMETERS } from './v4.ts';
import type { Failure } from './verification-failure.ts';

export type { Failure, Hosts, Received, VerifyingKey };

export type Verdict =
  | {
      readonly ok: true;
      readonly bucket: string;
      /** The very name that was verified; decode it no further. Undefined: the bucket itself. */
      readonly object: string | undefined;
      /** Decoded, without the signing parameters. */
      readonly query: ReadonlyMap<string, string>;
      readonly identity: string;
      readonly expires: Date;
      /** The body's SHA-256 as it was signed, in hex; whoever reads the body compares. */
      readonly contentSha256: string | undefined;
    }
  | {
      readonly ok: false;
      readonly failure: Failure;
      /** What the signature was compared with, as Cloud Storage shows it too: public, unlike the signature. */
      readonly canonicalRequest?: string;
      readonly stringToSign?: string;
    };

/** A URL works this long before its date already, in ms (Google: "Signed URLs", active datetime). */
const EARLY = 15 * 60_000;

/**
 * Whether a request carries a good V4 signature, judged by its decoded values. A URL signed for GET opens HEAD too
 * (Google: UrlSigner.RequestTemplate); no other opens a second method. Time is judged last, so that `expired` is said
 * of genuine URLs only. Never throws, unless `keyOf` or `bucketOf` does.
 */
export function verifyUrl(
  received: Received,
  keyOf: (identity: string) => VerifyingKey | undefined,
  now: Date,
  { bucketOf, names = [] }: Hosts = {},
): Verdict {
  const request = readRequest(received, bucketOf);
  if ('kind' in request) return refuse(request);
  const { signed, claim, place, hosts } = request;

  const key = keyOf(claim.identity);
  if (!key)
    return refuse({
      kind: 'unknown-identity',
      identity: claim.identity,
      message: `No key of ${claim.identity} is known here; sign with one that is`,
    });
  if (key.algorithm !== claim.algorithm)
    return refuse({
      kind: 'algorithm',
      algorithm: claim.algorithm,
      message: `The key of ${claim.identity} is for ${key.algorithm}, not for ${claim.algorithm}`,
    });

  const check = signatureCheck(key, claim);
  const textOf = (request: string) =>
    stringToSign(claim.algorithm, claim.timestamp, claim.scopeText, request);
  const holds = (request: SignedRequest, asHosts: readonly string[] = hosts) =>
    (request.method === 'HEAD' ? ['GET', 'HEAD'] : [request.method]).some((method) =>
      asHosts.some((host) => check(textOf(canonicalRequest(sentTo({ ...request, method }, host))))),
    );
  if (!holds(signed)) {
    const asSent = canonicalRequest(sentTo(signed, hosts[0]));
    const failure = diagnose(signed, names, holds);
    return { ok: false, failure, canonicalRequest: asSent, stringToSign: textOf(asSent) };
  }

  const from = new Date(claim.date.getTime() - EARLY);
  // Asked this way round, a clock that is no time opens nothing.
  if (!(now >= from))
    return refuse({
      kind: 'not-yet-valid',
      from,
      message: `The URL is not valid before ${from.toISOString()}; compare the clocks`,
    });
  if (!(now < claim.expires))
    return refuse({
      kind: 'expired',
      at: claim.expires,
      message: `The URL expired at ${claim.expires.toISOString()}; ask for a new one`,
    });

  const query = new Map(signed.query);
  for (const name of SIGNING_PARAMETERS) query.delete(name);
  return {
    ok: true,
    ...place,
    query,
    identity: claim.identity,
    expires: claim.expires,
    contentSha256: signed.headers.get('x-goog-content-sha256'),
  };
}

const refuse = (failure: Failure): Verdict => ({ ok: false, failure });

const sentTo = (request: SignedRequest, host: string): SignedRequest => ({
  ...request,
  headers: new Map(request.headers).set('host', host),
});
