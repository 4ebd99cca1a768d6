import { randomBytes } from 'node:crypto';
import { readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Asset } from '../../src/boot/asset/asset.ts';
import { diagnose } from '../../src/doctor.ts';
import { openScrubber, type Scrubber } from '../../src/jobs/scrub.ts';
import { configOf, here } from '../doctor/support.ts';
import { addMachine, addProfile, type Broker, brokerFor, byBroker, push } from '../support/broker.ts';

const weekMs = 7 * 24 * 3600 * 1000;
const mac = '52:54:00:12:34:56';

/** A machine that boots a kernel and an initrd, and a first stage, each with its file on the disk; and a scrubber whose clock can be put on. */
async function scene(t: ExecutionContext) {
  let ahead = 0;
  const clock = () => new Date(Date.now() + ahead);
  const broker = await brokerFor(t);
  const files = join(broker.config.dataDir, 'storage', 'files');
  const known = new Set<string>();
  const pushed = async (kind: Asset['kind'], name: string) => {
    const { id } = await push(broker, { kind, name, bytes: randomBytes(300_000) });
    const [file = ''] = (await readdir(files)).filter((one) => !known.has(one));
    known.add(file);
    return { id, file: join(files, file) };
  };
  const kernel = await pushed('kernel', 'debian');
  const initrd = await pushed('initrd', 'debian');
  const stage = await pushed('efi', 'ipxe');
  const { id: machine_id } = await addMachine(broker, { macs: [mac] });
  await addProfile(broker, { name: 'debian', machine_id, kernel: 'debian@1', initrds: ['debian@1'] });
  const scrubber = openScrubber({ ...broker.parts, clock, audit: byBroker });
  t.teardown(() => scrubber.close());
  return { broker, kernel, initrd, stage, scrubber, pass: (ms: number) => (ahead += ms) };
}

const recorded = async ({ parts }: Broker, id: string) => await parts.records.asset(id);
const round = (scrubber: Scrubber) => scrubber.round(new AbortController().signal);
const script = (broker: Broker) => broker.boot(`/boot.ipxe?mac=${mac}`, { userAgent: 'iPXE/1.21' });
const explained = async (broker: Broker) =>
  (await broker.admin(`/api/v1/explain?mac=${mac}&user_agent=iPXE`)).json;

async function doctorsLine({ config, parts }: Broker): Promise<string> {
  const settings = {
    BROKER_DATA_DIR: config.dataDir,
    BROKER_STORAGE_LISTEN: `127.0.0.1:${parts.localgcs.port}`,
  };
  for await (const { check, state, text } of diagnose(configOf(settings), here()))
    if (check === 'assets') return `${state}: ${text}`;
  return 'no such check';
}

async function flipLastByte(file: string): Promise<void> {
  const bytes = await readFile(file);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  await writeFile(file, bytes);
}

test('asset show, explain and doctor each find by themselves that bytes are gone, and from then on no machine is given them', async (t) => {
  for (const first of ['show', 'explain', 'doctor'] as const) {
    const { broker, kernel, initrd } = await scene(t);
    t.is((await script(broker)).status, 200);
    t.is(await doctorsLine(broker), 'pass: all 3 have their bytes');
    t.is((await explained(broker)).plan, 'redirect');
    await rename(kernel.file, `${kernel.file}-away`);
    const gone = /files\/\S+ is missing/;
    if (first === 'doctor')
      t.regex(await doctorsLine(broker), /^fail: 1 of 3: kernel debian@1 for x86_64: .* is missing/);
    if (first === 'show') {
      const { json } = await broker.admin(`/api/v1/assets/${kernel.id}`);
      t.like(json, { state: 'ready', condition: 'damaged' });
      t.regex(json.damage, gone);
    }
    const said = await explained(broker);
    t.like(said, { plan: 'refuse', status: 500 });
    t.regex(said.reason, /^kernel debian@1 for x86_64 is damaged: .*asset scrub debian@1 --kind kernel$/);
    t.regex((await broker.admin(`/api/v1/assets/${kernel.id}`)).json.damage, gone);
    t.regex(await doctorsLine(broker), gone);
    const refused = await script(broker);
    t.deepEqual([refused.status, refused.json.type], [500, 'urn:bootbroker:problem:asset-damaged']);
    t.is(refused.headers['retry-after'], undefined);
    t.is((await broker.boot('/assets/debian/kernel')).status, 500);
    t.is((await broker.boot('/assets/debian/initrd')).status, 200, 'what is whole is served');
    const listed = (await broker.admin('/api/v1/assets?condition=damaged')).json.items;
    t.deepEqual(
      listed.map(({ id }: Asset) => id),
      [kernel.id],
    );
    const profile = await broker.admin('/api/v1/profiles', { name: 'new', kernel: 'debian@1' });
    t.is(profile.status, 422);
    t.regex(profile.json.detail, /damaged/);

    // Restored, it is taken back as soon as somebody asks.
    await rename(`${kernel.file}-away`, kernel.file);
    const { status, json } = await broker.admin(`/api/v1/assets/${kernel.id}/scrub`, {});
    t.like({ status, ...json }, { status: 200, condition: undefined, damage: undefined });
    t.is((await script(broker)).status, 200);
    t.is((await recorded(broker, initrd.id))?.condition, undefined);
  }
});

test('a scrub reads what was last found whole a week ago, and finds one byte that has changed', async (t) => {
  const { broker, kernel, initrd, stage, scrubber, pass } = await scene(t);
  await flipLastByte(initrd.file);
  await round(scrubber);
  t.is((await recorded(broker, initrd.id))?.condition, undefined, 'it was hashed a moment ago');
  pass(weekMs);
  await round(scrubber);
  const found = await recorded(broker, initrd.id);
  t.regex(found?.damage ?? '', /^crc32c is \S+, announced was \S+; sha256 is /);
  t.is((await script(broker)).status, 500);
  const whole = await recorded(broker, kernel.id);
  t.true(Date.parse(whole?.scrubbed_at ?? '') > Date.now() + weekMs / 2);
  t.true((await broker.parts.metrics.text()).includes('bootbroker_damaged_assets 1'));

  // What was scrubbed is not due again; what is damaged is read in each round.
  await flipLastByte(stage.file);
  await flipLastByte(initrd.file);
  await round(scrubber);
  t.is((await recorded(broker, stage.id))?.condition, undefined);
  t.is((await recorded(broker, initrd.id))?.condition, undefined);
  t.is((await script(broker)).status, 200);
  const told = (await broker.parts.records.listAudit({ limit: 100 })).items.map(({ action }) => action);
  t.deepEqual(
    told.filter((action) => /damage|restore/.test(action)),
    ['asset.damage', 'asset.restore'],
  );
});

test('each round sees what is missing or cut short, whenever it was read last; a first stage too', async (t) => {
  const { broker, kernel, initrd, stage, scrubber } = await scene(t);
  await rm(kernel.file);
  await truncate(initrd.file, 1000);
  await truncate(stage.file, 0);
  await round(scrubber);
  t.regex((await recorded(broker, kernel.id))?.damage ?? '', /is missing/);
  t.regex((await recorded(broker, initrd.id))?.damage ?? '', /has 1000 bytes instead of 300000/);
  t.regex((await recorded(broker, stage.id))?.damage ?? '', /has 0 bytes/);
  const firmware = await broker.boot('/boot.efi', { userAgent: 'UefiHttpBoot/1.0' });
  t.deepEqual([firmware.status, firmware.json.type], [500, 'urn:bootbroker:problem:asset-damaged']);
});

test('a storage that is down damages nothing, and a scrub that is stopped is taken up again', async (t) => {
  const { broker, kernel, scrubber, pass } = await scene(t);
  pass(weekMs);
  const stopped = AbortSignal.abort();
  await scrubber.round(stopped);
  t.is((await recorded(broker, kernel.id))?.scrubbed_at, undefined);
  const { parts } = broker;
  const away = new Error('connect ECONNREFUSED');
  const blobs = { ...parts.blobs, stat: () => Promise.reject(away), digest: () => Promise.reject(away) };
  const down = openScrubber({ ...parts, blobs, clock: () => new Date(Date.now() + weekMs), audit: byBroker });
  await round(down);
  await t.throwsAsync(down.look(kernel.id), { is: away });
  t.is((await recorded(broker, kernel.id))?.condition, undefined);
  await round(scrubber);
  t.truthy((await recorded(broker, kernel.id))?.scrubbed_at);
});

test("in Google's storage the word of the storage is enough: what was deleted or replaced is found, and no byte is read", async (t) => {
  const { broker, kernel, initrd, pass } = await scene(t);
  const { parts, config } = broker;
  let read = 0;
  const blobs: typeof parts.blobs = {
    ...parts.blobs,
    digest: (...of) => {
      read += 1;
      return parts.blobs.digest(...of);
    },
  };
  pass(weekMs);
  const clock = () => new Date(Date.now() + weekMs);
  const scrubber = openScrubber({ ...parts, blobs, localgcs: undefined, clock, audit: byBroker });
  const { bucket, object, generation = '' } = (await recorded(broker, kernel.id)) as Asset;
  await parts.blobs.remove({ bucket, object, generation });
  const other = (await recorded(broker, initrd.id)) as Asset;
  await parts.blobs.put(other.object, Buffer.from('other bytes'));
  t.is(other.bucket, config.bucket);
  await round(scrubber);
  t.regex(
    (await recorded(broker, kernel.id))?.damage ?? '',
    /^the storage has no object assets\/.* any more$/,
  );
  t.regex(
    (await recorded(broker, initrd.id))?.damage ?? '',
    /^the object was replaced: its generation is \d+, pinned was \d+$/,
  );
  t.is(read, 0);
  t.regex(await doctorsLine(broker), /^fail: 2 of 3: /);
});

test('the headers of an object that somebody changed afterwards are told, and keep nobody from booting', async (t) => {
  const { broker, kernel, scrubber, pass } = await scene(t);
  const { bucket, object } = (await recorded(broker, kernel.id)) as Asset;
  const token = (await readFile(join(broker.config.dataDir, 'storage-token'), 'utf8')).trim();
  const place = `${broker.parts.localgcs.origin}/storage/v1/b/${bucket}/o/${encodeURIComponent(object)}`;
  const body = JSON.stringify({ contentEncoding: 'gzip' });
  await fetch(place, { method: 'PATCH', headers: { authorization: `Bearer ${token}` }, body });
  t.regex(
    await doctorsLine(broker),
    /^fail: 1 of 3: kernel debian@1 for x86_64: content-encoding is gzip, granted was none/,
  );
  pass(weekMs);
  await round(scrubber);
  t.is((await recorded(broker, kernel.id))?.condition, undefined);
  t.is((await script(broker)).status, 200);
});

test('who asks for a scrub of what has no bytes yet is told so', async (t) => {
  const { broker } = await scene(t);
  t.is((await broker.admin('/api/v1/assets/none/scrub', {})).status, 404);
  const wanted = { kind: 'kernel', name: 'x', version: '1', arch: 'x86_64', size: 9, crc32c: 'AAAAAA==' };
  const { json } = await broker.admin('/api/v1/uploads', wanted);
  t.is((await broker.admin(`/api/v1/assets/${json.asset_id}/scrub`, {})).status, 422);
});
