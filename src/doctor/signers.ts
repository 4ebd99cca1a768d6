import type { Config } from '../config/config.ts';
import { openLocalSigner, openSigners } from '../drivers/signer.ts';
import type { LocalgcsOptions } from '../localgcs/options.ts';
import type { GoogleCredentials } from '../sign/google-credentials.ts';
import type { Signer } from '../sign/v4.ts';
import { type Outcome, passed } from './finding.ts';

/** As BROKER_SIGNER calls it. */
export type SignerName = NonNullable<Config['signer']>;

export interface NamedSigner {
  readonly name: SignerName;
  readonly signer: Signer;
}

export interface Keys {
  /** The broker's signer; behind it, if there is one, the one for short URLs. */
  readonly signers: readonly [NamedSigner, ...NamedSigner[]];
  /** By which the embedded storage knows its signer. */
  readonly key?: LocalgcsOptions['keys'][number];
}

/** Opens the signers as the broker does. What cannot be opened fails by exception, naming setting or role. */
export async function checkKeys(
  config: Config,
  dataDir: string | undefined,
  google: GoogleCredentials,
  clock: () => Date,
): Promise<Outcome<Keys>> {
  if (config.storage === 'local') {
    const { signer, key } = await openLocalSigner({ ...config, dataDir: dataDir ?? config.dataDir }, google);
    return opened([{ name: config.signer ?? 'hmac', signer }], key);
  }
  const { signer, shortSigner } = await openSigners(config, google, clock);
  const name = config.signer ?? 'iam';
  const short: NamedSigner[] =
    shortSigner && shortSigner !== signer ? [{ name: 'hmac', signer: shortSigner }] : [];
  return opened([{ name, signer }, ...short]);
}

function opened(signers: Keys['signers'], key?: Keys['key']): Outcome<Keys> {
  const names = signers.map(({ name, signer }) => `${name} as ${signer.identity}`);
  return passed(`URLs are signed by ${names.join(', short ones by ')}`, { signers, ...(key && { key }) });
}
