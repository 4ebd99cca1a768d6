import type { Dispatcher } from 'undici';
import { callGoogle, type Patience } from './google-api.ts';
import type { TokenSource } from './google-credentials.ts';
import { GoogleFault } from './google-fault.ts';
import type { Signer } from './v4.ts';

export interface IamOptions {
  /** The service account whose key signs; Google keeps it. */
  readonly email: string;
  readonly token: TokenSource;
  readonly clock: () => Date;
  /** Origin. */
  readonly endpoint?: string;
  readonly patience?: Patience;
  readonly dispatcher?: Dispatcher;
}

/** EDK2 firmware wants its first byte within 5 s, and the storage needs some of them. */
const defaultPatience: Patience = { attemptMs: 1_500, totalMs: 4_000, pauseMs: 100 };

/** Cloud Storage takes URLs that are dated up to 15 minutes ahead, in ms (Google: "Signed URLs", active datetime). */
const farthestOff = 15 * 60_000;

/** Signs by IAM Credentials' signBlob: a network call with a quota for each signature, so put a cache in front. */
export function iamSigner(options: IamOptions): Signer {
  const { email, token, clock, dispatcher, patience = defaultPatience } = options;
  const { endpoint = 'https://iamcredentials.googleapis.com' } = options;
  const doing = `signing as ${email}`;
  const advice = {
    403: `grant roles/iam.serviceAccountTokenCreator on ${email} to the account that the broker runs as (on Cloud Run: to itself)`,
    404: `there is no such service account: correct BROKER_SERVICE_ACCOUNT`,
    429: `the project's quota of signatures (iamcredentials.googleapis.com, sign requests per minute) is used up: have it raised, or set BROKER_SIGNER=hmac, which asks nobody`,
  };

  const signBlob = async (text: string): Promise<string> => {
    const { json, date } = await callGoogle({
      doing,
      method: 'POST',
      url: `${endpoint}/v1/projects/-/serviceAccounts/${encodeURIComponent(email)}:signBlob`,
      body: { payload: Buffer.from(text).toString('base64') },
      token,
      advice,
      patience,
      dispatcher,
    });
    const off = date ? clock().getTime() - date.getTime() : 0;
    if (Math.abs(off) > farthestOff)
      throw new GoogleFault(
        `${doing}: this machine's clock is ${Math.round(Math.abs(off) / 60_000)} minutes ${off > 0 ? 'ahead of' : 'behind'} Google's, and its URLs would not work: set it (NTP)`,
        undefined,
      );
    return hex(json.signedBlob, doing);
  };

  const flights = new Map<string, Promise<string>>();
  return {
    algorithm: 'GOOG4-RSA-SHA256',
    identity: email,
    sign(text) {
      const flight = flights.get(text) ?? signBlob(text).finally(() => flights.delete(text));
      flights.set(text, flight);
      return flight;
    },
  };
}

function hex(signedBlob: unknown, doing: string): string {
  const bytes = Buffer.from(typeof signedBlob === 'string' ? signedBlob : '', 'base64');
  // Google's own keys are of 2048 bits; what is shorter than 1024 is no RSA signature.
  if (bytes.length < 128)
    throw new GoogleFault(`${doing}: the answer holds no signature; see that the endpoint is Google's`, 200);
  return bytes.toString('hex');
}
