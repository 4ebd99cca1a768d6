import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { reachable, startLocalgcs } from '../localgcs/localgcs.ts';
import type { LocalgcsOptions } from '../localgcs/options.ts';
import { fileSecret } from '../secrets.ts';
import type { Ask } from './ask.ts';
import { said } from './ask.ts';
import type { DataDir } from './data-dir.ts';
import { failed, type Outcome, passed } from './finding.ts';

/** A storage to try, as the broker reaches it. */
export interface Storage {
  readonly kind: Config['storage'];
  /** Origin. */
  readonly endpoint: string;
  readonly bucket: string;
  readonly ask: Ask;
  /** For what is not signed. */
  readonly token: () => Promise<string>;
  /** To whom roles are granted. */
  readonly account: string;
  close(): Promise<void>;
}

/** The embedded storage: that of the running broker if there is one, else one started as the broker would start it. */
export async function checkLocalStorage(
  config: Config,
  { path }: DataDir,
  key: LocalgcsOptions['keys'][number],
  ask: Ask,
): Promise<Outcome<Storage>> {
  const { bucket, storageListen: listen } = config;
  const at = `${listen.host} port ${listen.port} (BROKER_STORAGE_LISTEN)`;
  const here = { kind: config.storage, bucket, ask, account: '' };
  const running = `http://${reachable(listen.host)}:${listen.port}`;
  const known = readToken(path);
  const answer = await ask(`${running}/storage/v1/b/${bucket}`, {
    headers: known === undefined ? {} : { authorization: `Bearer ${known}` },
  });
  if (answer.status === 200 && known !== undefined)
    return passed(`a broker runs: its storage at ${running} is tried`, {
      ...here,
      endpoint: running,
      token: async () => known,
      close: async () => {},
    });
  if (answer.status !== undefined)
    return failed(
      `what listens on ${at} is not the storage of ${config.dataDir} (BROKER_DATA_DIR) with its bucket ${bucket} (BROKER_BUCKET): it answers ${said(answer)}; give the settings that the running broker has, or stop what listens there`,
    );
  const token = fileSecret(join(path, 'storage-token'));
  try {
    const options = { dataDir: join(path, 'storage'), listen, buckets: [bucket], token, keys: [key] };
    const { origin, close } = await startLocalgcs(options);
    return passed(`no broker runs: the storage was started at ${origin} for these checks`, {
      ...here,
      endpoint: origin,
      token: async () => token,
      close,
    });
  } catch (error) {
    const { message } = error as Error;
    return failed(
      /in use by another process/.test(message)
        ? `${config.dataDir} (BROKER_DATA_DIR) is in use by a broker whose storage is not on ${at}; give that broker's settings, or stop it first`
        : `${message}; look at BROKER_STORAGE_LISTEN and BROKER_DATA_DIR`,
    );
  }
}

/** Google's Cloud Storage, or what BROKER_STORAGE_ENDPOINT names: whether anything answers there. */
export async function checkGcs(
  { storageEndpoint: endpoint, bucket, storage: kind }: Config,
  token: () => Promise<string>,
  { ask, account }: Pick<Storage, 'ask' | 'account'>,
): Promise<Outcome<Storage>> {
  const answer = await ask(`${endpoint}/`);
  if (answer.status === undefined)
    return failed(
      `${endpoint}: ${said(answer)}; see that it is reached from here (DNS, egress firewall, Private Google Access), or correct BROKER_STORAGE_ENDPOINT`,
    );
  const storage = { kind, endpoint, bucket, ask, token, account, close: async () => {} };
  return passed(`${endpoint} answers`, storage);
}

function readToken(dataDir: string): string | undefined {
  const path = join(dataDir, 'storage-token');
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;
}
