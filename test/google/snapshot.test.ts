import { snapshotObject } from '../../src/jobs/snapshot.ts';
import { BUCKET } from '../localgcs/support.ts';
import { rolledBackBy } from '../records/other-process.ts';
import { startChild } from '../support/child.ts';
import type { Emulator } from '../support/firestore-emulator.ts';
import { ask, until } from '../support/http.ts';
import { command, needing } from '../support/needs.ts';
import { tcpSwitch } from '../support/tcp-switch.ts';
import { googleCloud } from './cloud.ts';
import { warmEmulator } from './emulator.ts';
import { files, ipxe, mac, openSite, scriptOf, stockByApi } from './site.ts';

const test = needing(command('java'), command('gcloud'));

let emulator: Emulator;
test.before(async () => {
  emulator = await warmEmulator();
});
test.after.always(() => emulator?.kill());

test('an instance that starts while Firestore is down boots what the snapshot knows, if nobody forged it', async (t) => {
  const way = await tcpSwitch(t, emulator.port);
  const cloud = await googleCloud(t, emulator.host);
  const own = cloud.settings('hmac');
  const settings = { ...own, BROKER_SNAPSHOT_KEY: 'the-key-of-all-these-brokers' };
  const site = await openSite(t, { ...settings, BROKER_SNAPSHOT_SECONDS: '1' });
  const { machine, revision } = await stockByApi(site);
  await until(() =>
    site.broker.lines().some(({ object, profiles }) => object === snapshotObject && profiles === 1),
  );
  site.broker.kill('SIGTERM');
  t.is(await site.broker.ended, 0);

  way.turn('off');
  const started = async () => {
    const env = { ...settings, BROKER_ROLES: 'boot', FIRESTORE_EMULATOR_HOST: way.host };
    const child = await startChild(t, { env });
    const { boot } = await child.ready;
    await until(() => child.lines().some(({ object }) => object === snapshotObject));
    return { child, get: (target: string, asking = ipxe) => ask(boot, target, asking) };
  };
  const late = await started();
  const firmware = await late.get('/boot.efi', { userAgent: 'UefiHttpBoot/1.0' });
  t.true(firmware.body.equals(files.efi));
  const script = await late.get(scriptOf(mac));
  t.is(script.status, 200, script.text);
  const [kernel = ''] = script.text.match(/\/asset\/\S+/) ?? [];
  t.true(kernel.includes(revision.id));
  t.is((await late.get(kernel)).status, 302);
  t.is((await late.get(scriptOf('52:54:00:00:00:02'))).status, 503);
  const stale = late.child.lines().filter(({ message }) => /records are down/.test(String(message)));
  t.true(stale.length > 0 && stale.every(({ level, age_s }) => level === 'warn' && Number(age_s) >= 0));
  t.regex(
    (await late.get('/metrics')).text,
    /^bootbroker_records_cache_reads_total\{read="findMachine",result="stale"\} [1-9]/m,
  );

  const { BROKER_PROJECT = '' } = own;
  const again = await rolledBackBy(['firestore', emulator.host, BROKER_PROJECT], machine.id, revision.id);
  way.turn('on');
  await until(async () => (await late.get(scriptOf(mac))).text.includes(again));
  t.is((await late.get(scriptOf('52:54:00:00:00:02'))).status, 404);

  // Somebody who may write to the bucket, but has no key, changes what the machine boots.
  way.turn('off');
  await forge(cloud.storage.origin, cloud.secrets[0] ?? '');
  const warned = await started();
  t.like(
    warned.child.lines().find(({ object }) => object === snapshotObject),
    { level: 'error', message: 'the snapshot of the records is refused' },
  );
  t.is((await warned.get(scriptOf(mac))).status, 503);
});

/** Changes one bit of what is sealed in the bucket. */
async function forge(origin: string, token: string): Promise<void> {
  const authorization = `Bearer ${token}`;
  const object = encodeURIComponent(snapshotObject);
  const found = await fetch(`${origin}/storage/v1/b/${BUCKET}/o/${object}?alt=media`, {
    headers: { authorization },
  });
  const forged = Buffer.from(await found.arrayBuffer());
  if (forged.includes('cmdline')) throw new Error('the snapshot is readable');
  const last = forged.length - 1;
  forged.writeUInt8(forged.readUInt8(last) ^ 1, last);
  const target = `${origin}/upload/storage/v1/b/${BUCKET}/o?uploadType=media&name=${object}`;
  const written = await fetch(target, { method: 'POST', headers: { authorization }, body: forged });
  if (!written.ok) throw new Error(`${written.status} ${await written.text()}`);
}
