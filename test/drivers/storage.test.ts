import test, { type ExecutionContext } from 'ava';
import { readConfig } from '../../src/config/config.ts';
import { openStorage } from '../../src/drivers/storage.ts';
import { googleCredentials } from '../../src/sign/google-credentials.ts';
import { openLog } from '../../src/telemetry/log.ts';
import { openMetrics } from '../../src/telemetry/metrics.ts';

/** Google's own storage by these settings; nobody is asked anything. */
async function storageBy(t: ExecutionContext, settings: Readonly<Record<string, string>>) {
  const read = readConfig(
    {},
    {
      BROKER_STORAGE: 'gcs',
      BROKER_SIGNER: 'hmac',
      BROKER_HMAC_ACCESS_ID: 'GOOG1EACCESSIDOFTHETESTS',
      BROKER_HMAC_SECRET: 'hmac-secret-of-the-tests',
      ...settings,
    },
  );
  if ('mistakes' in read) throw new Error(read.mistakes.join('; '));
  const metrics = openMetrics();
  const tools = {
    clock: () => new Date(),
    google: googleCredentials(),
    log: openLog({ level: 'silent' }),
    metrics,
    watch: metrics.watch,
  };
  const storage = await openStorage(read.config, tools);
  t.teardown(() => storage.close());
  return storage;
}

test('redirects to Google go by the scheme that a client takes, or by that of BROKER_STORAGE_SCHEME', async (t) => {
  const host = 'storage.googleapis.com';
  for (const [settings, scheme, usual] of [
    [{}, 'either', 'https'],
    [{ BROKER_STORAGE_SCHEME: 'https' }, 'https', 'https'],
    [{ BROKER_STORAGE_SCHEME: 'http' }, 'http', 'http'],
    [{ BROKER_STORAGE_ENDPOINT: 'http://storage.example:4443' }, 'http', 'http'],
  ] as const) {
    const { storage, storageOrigin } = await storageBy(t, settings);
    t.is(storage.scheme, scheme);
    const at = 'BROKER_STORAGE_ENDPOINT' in settings ? 'storage.example:4443' : host;
    t.is(storageOrigin('10.0.0.1'), `${usual}://${at}`);
    for (const wanted of ['http', 'https'] as const)
      t.is(storageOrigin('10.0.0.1', wanted), `${wanted}://${at}`);
  }
});
