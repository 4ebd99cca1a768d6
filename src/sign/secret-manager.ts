import { crc32c } from '@node-rs/crc32';
import type { Dispatcher } from 'undici';
import { callGoogle, type Patience } from './google-api.ts';
import type { TokenSource } from './google-credentials.ts';

export interface SecretOptions {
  /** The setting that holds the value, for messages. */
  readonly setting: string;
  readonly token: TokenSource;
  /** Origin of Secret Manager. */
  readonly endpoint?: string;
  readonly patience?: Patience;
  readonly dispatcher?: Dispatcher;
}

/** Read once, at start, where there is time. */
const defaultPatience: Patience = { attemptMs: 3_000, totalMs: 12_000, pauseMs: 250 };

/**
 * The secret that a setting means: the value itself, or what Secret Manager keeps under
 * `sm://projects/P/secrets/S/versions/V`, without white space round it. Throws an Error that names the role to grant.
 */
export async function readSecret(value: string, options: SecretOptions): Promise<string> {
  if (!value.startsWith('sm://')) return value;
  const { setting, token, dispatcher, patience = defaultPatience } = options;
  const { endpoint = 'https://secretmanager.googleapis.com' } = options;
  const [, name, secret, version] =
    /^sm:\/\/(projects\/[\w:.-]+\/secrets\/([\w-]+)\/versions\/([\w-]+))$/.exec(value) ?? [];
  if (name === undefined)
    throw new Error(
      `${setting}: ${value} names no secret: write sm://projects/PROJECT/secrets/SECRET/versions/VERSION, VERSION a number or latest`,
    );
  const doing = `${setting}: reading ${name}`;
  const { json } = await callGoogle({
    doing,
    method: 'GET',
    url: `${endpoint}/v1/${name}:access`,
    token,
    advice: {
      403: `grant roles/secretmanager.secretAccessor on the secret ${secret} to the account that the broker runs as`,
      404: `there is no such secret or version: correct ${setting}, or add one (gcloud secrets versions add ${secret})`,
      FAILED_PRECONDITION: `the version is disabled or destroyed: enable it (gcloud secrets versions enable ${version} --secret=${secret}) or name another`,
    },
    patience,
    dispatcher,
  });
  return payloadOf(json, doing);
}

/** `payload.data` in base64, `payload.dataCrc32c` a decimal number (Secret Manager, SecretPayload). */
function payloadOf({ payload }: Readonly<Record<string, unknown>>, doing: string): string {
  const { data, dataCrc32c } = (payload ?? {}) as { data?: unknown; dataCrc32c?: unknown };
  const bytes = Buffer.from(typeof data === 'string' ? data : '', 'base64');
  if (dataCrc32c !== undefined && crc32c(bytes) !== Number(dataCrc32c))
    throw new Error(`${doing}: the secret was damaged on its way (crc32c); start again`);
  // `echo secret | gcloud secrets versions add` stores a newline, which would spoil every signature.
  const secret = bytes.toString('utf8').trim();
  if (secret === '') throw new Error(`${doing}: the secret is empty; add a version that is not`);
  return secret;
}
