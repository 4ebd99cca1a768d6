import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startChild, temporaryFolder } from '../support/child.ts';
import { fakeMetadata, metadataEnv } from '../support/fake-metadata.ts';
import { googleError } from '../support/fake-server.ts';
import type { Emulator } from '../support/firestore-emulator.ts';
import { ask, until } from '../support/http.ts';
import { command, needing } from '../support/needs.ts';
import { tcpSwitch } from '../support/tcp-switch.ts';
import { googleCloud } from './cloud.ts';
import { warmEmulator } from './emulator.ts';
import { files, ipxe, mac, openSite, type Site, scriptOf, stockByApi } from './site.ts';

const test = needing(command('java'), command('gcloud'));

let emulator: Emulator;
test.before(async () => {
  emulator = await warmEmulator();
});
test.after.always(() => emulator?.kill());

/** The messages of all faults that it has logged. */
const complaints = ({ broker }: Pick<Site, 'broker'>) =>
  broker.lines().flatMap(({ error }) => (error as { message?: string })?.message ?? []);

test.serial('a bucket that is not there, or may not be used, is told at the start', async (t) => {
  const cloud = await googleCloud(t, emulator.host);
  const stranger = await fakeMetadata(t, 'stranger@project.iam.gserviceaccount.com', 'refused');
  for (const [settings, told] of [
    [
      { BROKER_BUCKET: 'no-such-bucket' },
      /there is no bucket no-such-bucket: make it, or set BROKER_BUCKET$/,
    ],
    [metadataEnv(stranger), /Invalid Credentials; see that the account that the broker runs as/],
  ] as const) {
    const site = await openSite(t, { ...cloud.settings('hmac'), ...settings });
    await until(() => complaints(site).length > 0);
    t.regex(complaints(site)[0] ?? '', told);
    t.is((await ask(site.boot, '/readyz')).json.storage, 'down');
    t.is((await ask(site.boot, scriptOf(mac), ipxe)).json.type, 'urn:bootbroker:problem:unknown-machine');
  }
});

test.serial('a key file that cannot be used is told with its setting, and is exit code 3', async (t) => {
  const cloud = await googleCloud(t, emulator.host);
  const folder = await temporaryFolder(t);
  const file = join(folder, 'key.json');
  await writeFile(file, '{"type": "service_account"}');
  for (const [path, told] of [
    [join(folder, 'nowhere.json'), /nowhere\.json cannot be read: there is no such file/],
    [folder, /cannot be read: .*give the path of a file/],
    [file, /key\.json lacks client_email/],
  ] as const) {
    const child = await startChild(t, { env: { ...cloud.settings('rsa'), BROKER_RSA_KEY_FILE: path } });
    t.is(await child.ended, 3);
    t.regex(child.stderr(), told);
    t.regex(child.stderr(), /^bootbroker: .* Look at BROKER_RSA_KEY_FILE, or [^\n]+\n$/);
  }
});

test.serial(
  'without Firestore a broker starts, knows nobody for sure, and boots as soon as it is back',
  async (t) => {
    const way = await tcpSwitch(t, emulator.port);
    const cloud = await googleCloud(t, way.host);
    const first = await openSite(t, cloud.settings('hmac'));
    await stockByApi(first);
    way.turn('off');
    const site = await openSite(t, cloud.settings('hmac'));
    const { status, json } = await ask(site.boot, scriptOf(mac), ipxe);
    t.deepEqual([status, json.type], [503, 'urn:bootbroker:problem:store-down']);
    t.is((await ask(site.boot, '/health/liveness')).status, 200);
    await until(() => complaints(site).length > 0);
    t.regex(
      complaints(site)[0] ?? '',
      /^records: .*Firestore cannot be reached: .* see that http:\S+ is reached from here/,
    );
    way.turn('on');
    t.is((await ask(site.boot, scriptOf(mac), ipxe)).status, 200);
    t.is((await site.admin('/api/v1/machines')).json.items.length, 1);
  },
);

test.serial('when Firestore goes away known machines still boot, and it is told', async (t) => {
  const way = await tcpSwitch(t, emulator.port);
  const cloud = await googleCloud(t, way.host);
  const site = await openSite(t, cloud.settings('hmac'));
  const { revision } = await stockByApi(site);
  const boot = async () => {
    const script = await ask(site.boot, scriptOf(mac), ipxe);
    const kernel = await ask(site.boot, `/asset/${revision.id}/kernel`, ipxe);
    const firmware = await ask(site.boot, '/boot.efi', { userAgent: 'UefiHttpBoot/1.0' });
    t.deepEqual([script.status, kernel.status, firmware.body.equals(files.efi)], [200, 302, true]);
  };
  await boot();
  t.is((await ask(site.boot, scriptOf('52:54:00:00:00:02'), ipxe)).status, 404);
  way.turn('off');
  const isStale = ({ message }: Readonly<Record<string, unknown>>) =>
    message === 'the records are down: what is known is served';
  // Until then everything is younger than five seconds, and nothing stale.
  await until(async () => {
    await boot();
    return site.broker.lines().some(isStale);
  });
  await boot();
  const unknown = ['52:54:00:00:00:02', '52:54:00:00:00:03'];
  const answers = await Promise.all(unknown.map((mac) => ask(site.boot, scriptOf(mac), ipxe)));
  t.deepEqual(
    answers.map(({ status }) => status),
    [503, 503],
  );
  t.is((await ask(site.boot, '/nothing-of-that-sort')).status, 404);
  t.true(
    site.broker.lines().some((line) => isStale(line) && line.level === 'warn' && line.read === 'findMachine'),
  );
  t.regex(
    (await ask(site.boot, '/metrics')).text,
    /^bootbroker_records_cache_reads_total\{read="findMachine",result="stale"\} [1-9]/m,
  );
  way.turn('on');
  await until(async () => (await ask(site.boot, scriptOf('52:54:00:00:00:03'), ipxe)).status === 404);
  await boot();
});

test.serial('what IAM refuses to sign is 503 with what to do, and what is signed is served on', async (t) => {
  const cloud = await googleCloud(t, emulator.host);
  const site = await openSite(t, cloud.settings('iam'));
  const { revision } = await stockByApi(site);
  const [signed, unsigned] = ['kernel', 'initrd/0'].map((part) => `/asset/${revision.id}/${part}`);
  const statusOf = async (target = '') => (await ask(site.boot, target, ipxe)).status;
  const refused = async (told: RegExp) => {
    const before = complaints(site).length;
    t.is(await statusOf(unsigned), 503);
    await until(() => complaints(site).length > before);
    t.regex(complaints(site).at(-1) ?? '', told);
  };
  t.is(await statusOf(signed), 302);

  const refusals = {
    quota: googleError(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded'),
    role: googleError(403, 'PERMISSION_DENIED', "Permission 'iam.serviceAccounts.signBlob' denied"),
  };
  for (const [fault, told] of [
    [refusals.quota, /429 RESOURCE_EXHAUSTED .*quota of signatures .*set BROKER_SIGNER=hmac/],
    [refusals.role, /grant roles\/iam\.serviceAccountTokenCreator on broker@/],
  ] as const) {
    cloud.iam.faults.push(...Array.from({ length: 200 }, () => fault));
    await refused(told);
    t.is(await statusOf(signed), 302);
    cloud.iam.faults.length = 0;
  }
  cloud.iam.skewMs = 20 * 60_000;
  await refused(/this machine's clock is 20 minutes behind Google's/);
  cloud.iam.skewMs = 0;
  t.is(await statusOf(unsigned), 302);
});

test.serial('an HMAC key that is disabled, or is another, is told with its settings', async (t) => {
  const cloud = await googleCloud(t, emulator.host);
  const settings = cloud.settings('hmac');
  await stockByApi(await openSite(t, settings));
  for (const [wrong, told] of [
    [
      { BROKER_HMAC_ACCESS_ID: 'GOOG1EDISABLED' },
      /403 AccessDenied .*BROKER_HMAC_ACCESS_ID.*roles\/storage\.objectAdmin/,
    ],
    [
      { BROKER_HMAC_SECRET: 'the-secret-of-another-key' },
      /403 SignatureDoesNotMatch .*BROKER_HMAC_SECRET of one key/,
    ],
  ] as const) {
    const site = await openSite(t, { ...settings, ...wrong, BROKER_ROLES: 'boot' });
    t.is((await ask(site.boot, '/boot.efi', { userAgent: 'UefiHttpBoot/1.0' })).status, 503);
    await until(() => complaints(site).length > 0);
    t.regex(complaints(site)[0] ?? '', told);
  }
});

test.serial('when Firestore goes away amid writes, each is kept, or refused; none is both', async (t) => {
  const way = await tcpSwitch(t, emulator.port);
  const cloud = await googleCloud(t, way.host);
  const site = await openSite(t, cloud.settings('hmac'));
  const macs = Array.from({ length: 40 }, (_, n) => `52:54:00:00:01:${n.toString(16).padStart(2, '0')}`);
  const write = (mac: string) => site.admin('/api/v1/machines', { macs: [mac] });
  const writes = macs.map(write);
  await Promise.race(writes);
  way.turn('off');
  const answers = await Promise.all(writes);
  way.turn('on');
  t.is((await write(mac)).status, 201);
  for (const { status, json } of answers)
    if (status === 201) t.is((await site.admin(`/api/v1/machines/${json.id}`)).status, 200);
    else t.deepEqual([status, json.type], [503, 'urn:bootbroker:problem:store-down']);
  t.true(answers.some(({ status }) => status === 201));
  // The caller that was refused asks again: it is made now, or was made without anybody hearing of it.
  for (const [n, answer] of answers.entries())
    if (answer.status === 503) t.true([201, 409].includes((await write(macs[n] ?? '')).status));
  const { items } = (await site.admin('/api/v1/machines?limit=100')).json;
  t.is(new Set(items.flatMap(({ macs }: { macs: string[] }) => macs)).size, 41);
  t.is(items.length, 41);
});
