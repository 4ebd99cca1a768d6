import type { ExecutionContext } from 'ava';
import { type FakeServer, fakeServer, json, type Told } from './fake-server.ts';
import type { Owner } from './owner.ts';

export interface FakeMetadata extends FakeServer {
  /** Seconds that the next tokens live. */
  lifetime: number;
}

const flavor = { 'metadata-flavor': 'Google' };

/** The metadata server of a machine on Google Cloud: an e-mail, and always that token, or tokens named token-1, token-2, ... */
export async function fakeMetadata(t: Owner, email: string, token?: string): Promise<FakeMetadata> {
  const account = '/computeMetadata/v1/instance/service-accounts/default';
  let tokens = 0;
  const server = await fakeServer(t, ({ url, headers }): Told => {
    if (headers['metadata-flavor'] !== 'Google') return { status: 403 };
    if (url === `${account}/email`)
      return { status: 200, headers: { ...flavor, 'content-type': 'application/text' }, body: email };
    if (url.startsWith(`${account}/token`)) {
      tokens++;
      return json(
        { access_token: token ?? `token-${tokens}`, expires_in: fake.lifetime, token_type: 'Bearer' },
        flavor,
      );
    }
    return { status: 404, headers: flavor };
  });
  const fake = Object.assign(server, { lifetime: 3_600 });
  return fake;
}

/** Lets Google's own library, in a process of its own, find this metadata server and no other credentials. */
export function metadataEnv({ host }: FakeMetadata): Readonly<Record<string, string>> {
  return {
    GCE_METADATA_HOST: host,
    METADATA_SERVER_DETECTION: 'assume-present',
    CLOUDSDK_CONFIG: '/nonexistent',
  };
}

/** The same in this process. */
export function useMetadata(t: ExecutionContext, metadata: FakeMetadata): void {
  const settings = {
    ...metadataEnv(metadata),
    GOOGLE_APPLICATION_CREDENTIALS: undefined,
    HOME: '/nonexistent',
  };
  const before = Object.keys(settings).map((name) => [name, process.env[name]] as const);
  const set = (name: string, value: string | undefined) => {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  };
  for (const [name, value] of Object.entries(settings)) set(name, value);
  t.teardown(() => {
    for (const [name, value] of before) set(name, value);
  });
}
