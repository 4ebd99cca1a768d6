import { crc32c } from '@node-rs/crc32';
import type { ExecutionContext } from 'ava';
import { type FakeServer, fakeServer, googleError, json } from './fake-server.ts';

/** Secret Manager, as far as reading goes: values by the name of their version. */
export function fakeSecretManager(
  t: ExecutionContext,
  secrets: Readonly<Record<string, string>>,
): Promise<FakeServer> {
  return fakeServer(t, ({ method, url, headers }) => {
    const name = /^\/v1\/(projects\/.+):access$/.exec(url)?.[1] ?? '';
    const value = secrets[name];
    if (headers.authorization !== 'Bearer good')
      return googleError(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.');
    if (method !== 'GET' || value === undefined)
      return googleError(404, 'NOT_FOUND', `Secret Version [${name}] not found.`);
    const data = Buffer.from(value);
    return json({ name, payload: { data: data.toString('base64'), dataCrc32c: String(crc32c(data)) } });
  });
}
