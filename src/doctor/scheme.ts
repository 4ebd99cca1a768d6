import type { Config } from '../config/config.ts';
import type { Answer, NoAnswer } from './ask.ts';
import { said } from './ask.ts';
import type { Probe } from './bucket.ts';
import { failed, type Outcome, passed, skipped } from './finding.ts';
import { probeUrl } from './signed-url.ts';
import type { NamedSigner } from './signers.ts';
import type { Storage } from './storage.ts';

/** What signed URLs are tried with. */
export interface Trial {
  readonly storage: Storage;
  readonly probe: Probe;
  readonly signer: NamedSigner;
  readonly clock: () => Date;
}

type Scheme = 'http' | 'https';
const setting = 'BROKER_STORAGE_SCHEME';

/** Whether clients can fetch by this scheme, and whether the settings send them there. */
export async function checkScheme(
  scheme: Scheme,
  trial: Trial,
  { storageScheme, storagePublicUrl }: Config,
): Promise<Outcome<never>> {
  const { storage } = trial;
  if (storage.kind === 'local') return checkOrigin(scheme, storagePublicUrl ?? storage.endpoint, trial);
  const { protocol, host } = new URL(storage.endpoint);
  const own = protocol === `${scheme}:`;
  if (protocol === 'http:' && !own && storageScheme !== 'https')
    return skipped('BROKER_STORAGE_ENDPOINT is http, and clients are sent there');
  const answer = await fetchFrom(`${scheme}://${host}`, trial);
  const open = answer.status === 200;
  // A client that is sent where it cannot fetch does not boot.
  const sent = storageScheme === undefined ? own || protocol === 'https:' : storageScheme === scheme;
  const set = `${setting} is ${storageScheme ?? 'unset'}`;
  if (open && sent) return passed(`signed URLs work by ${scheme} (${set})`);
  if (open) return passed(`signed URLs work by ${scheme}, but ${set}: ${unused[scheme]}`);
  const why = `${refusedBy(scheme, answer)}: ${said(answer)}`;
  if (!sent) return passed(`${why}; ${set}, so nobody is sent there`);
  return failed(`${why}; ${instead[scheme]}`);
}

/** Clients find the embedded storage at one origin. */
async function checkOrigin(scheme: Scheme, origin: string, trial: Trial): Promise<Outcome<never>> {
  if (!origin.startsWith(`${scheme}:`)) return skipped(`clients find the embedded storage at ${origin}`);
  const answer = await fetchFrom(origin, trial);
  return answer.status === 200
    ? passed(`signed URLs work at ${origin}`)
    : failed(
        `signed URLs do not work at ${origin}: ${said(answer)}; correct BROKER_STORAGE_PUBLIC_URL, to which clients are sent, or what stands there`,
      );
}

async function fetchFrom(origin: string, { storage, probe, signer, clock }: Trial) {
  return storage.ask(await probeUrl(storage, probe, signer, clock(), origin));
}

const unused: Readonly<Record<Scheme, string>> = {
  http: 'clients without https are streamed to',
  https: 'nobody is sent there',
};

const instead: Readonly<Record<Scheme, string>> = {
  http: `set ${setting}=https: clients without https are then streamed to (or handed off by an edge gateway)`,
  https: `set ${setting}=http for clients inside the tunnel, or open the way to port 443`,
};

function refusedBy(scheme: Scheme, { status }: Answer | NoAnswer): string {
  if (status === undefined) return `${scheme} is closed on the way`;
  if (scheme === 'http' && status === 403)
    return 'http is refused, as the organization policy constraints/storage.secureHttpTransport does';
  return `${scheme} is refused`;
}
