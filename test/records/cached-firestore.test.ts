import { randomUUID } from 'node:crypto';
import type { ExecutionContext } from 'ava';
import type { Blobs } from '../../src/blobs/blobs.ts';
import { gcsBlobs } from '../../src/blobs/gcs.ts';
import { signedUrls } from '../../src/blobs/signed-urls.ts';
import { type Asset, type ResolvedAsset, resolved } from '../../src/boot/asset/asset.ts';
import { parseNetwork } from '../../src/boot/network.ts';
import { bootApp } from '../../src/http/boot/app.ts';
import { BootLog } from '../../src/http/boot/boot-log.ts';
import type { BootParts } from '../../src/http/boot/parts.ts';
import { listen } from '../../src/http/server/listener.ts';
import { cachedRecords } from '../../src/records/cached/cached.ts';
import { openFirestore } from '../../src/records/firestore/firestore.ts';
import type { Call } from '../../src/records/firestore/transport.ts';
import type { Records } from '../../src/records/records.ts';
import { iamSigner } from '../../src/sign/iam.ts';
import { openLog } from '../../src/telemetry/log.ts';
import { openMetrics } from '../../src/telemetry/metrics.ts';
import { fakeIam } from '../support/fake-iam.ts';
import { fakeServer } from '../support/fake-server.ts';
import { type Emulator, startEmulator } from '../support/firestore-emulator.ts';
import { command, needing } from '../support/needs.ts';
import { asset, at, machine, macOf, revision } from './examples.ts';
import { seesRollBack } from './roll-back-seen.ts';
import { createAsset, createMachine, createProfile } from './writing.ts';

const test = needing(command('java'), command('gcloud'));

let emulator: Emulator;
test.before(async () => {
  emulator = await startEmulator();
});
test.after.always(() => emulator?.kill());

/** A cache on an empty database, with a clock that stands until it is told, and every call that reaches Firestore. */
function scene(t: ExecutionContext) {
  const project = `test-${randomUUID()}`;
  const calls: Call[] = [];
  const store = openFirestore({
    project,
    emulatorHost: emulator.host,
    deadlines: { readMs: 60_000, writeMs: 60_000 },
    onCall: (call) => calls.push(call),
  });
  t.teardown(() => store.close());
  let now = Date.parse(at(0));
  const clock = () => new Date(now);
  return {
    project,
    store,
    calls,
    clock,
    records: cachedRecords(store, { clock }),
    pass: (ms: number) => {
      now += ms;
    },
  };
}

const nowhere: Pick<Blobs, 'signedUrl'> = { signedUrl: async () => 'http://storage.test/object' };

/** The boot plane on these records; unless told, its storage's URLs lead nowhere. */
async function bootPlane(
  t: ExecutionContext,
  records: Records,
  clock: () => Date,
  blobs = nowhere,
): Promise<string> {
  const told = { records, log: openLog({ level: 'silent' }), metrics: openMetrics() };
  const parts = {
    ...told,
    blobs,
    clock,
    bootLog: new BootLog('await', told),
    storageOrigin: () => undefined,
    storage: { scheme: 'http', takesReencodedQuery: true },
    outage: 'wait',
    firstStage: 'ipxe',
    urlTtlSeconds: 60,
    sourcePolicy: {
      allowed: ['127.0.0.0/8'].flatMap((cidr) => parseNetwork(cidr) ?? []),
      trustedProxies: [],
    },
    unknownMachine: 'refuse',
    bootHosts: [],
    reportsPerSource: 500,
    maxStreams: 8,
    maxStreamsPerSource: 8,
    metricsPage: 'on',
    metricsToken: undefined,
  } as unknown as BootParts;
  const listener = await listen(bootApp(parts), { host: '127.0.0.1', port: 0 });
  t.teardown(() => listener.close(0));
  return `http://127.0.0.1:${listener.port}`;
}

function mentions({ body }: Call, text: string): boolean {
  return JSON.stringify(body).includes(text);
}

/** Reads and writes the records of boots, beside the answers. */
const isOfRecord = (call: Call) =>
  call.method === 'commit' ||
  (call.method === 'batchGet' && (mentions(call, '/histories/') || mentions(call, '/boots/')));

const readyAsset = (is: Parameters<typeof asset>[0]) =>
  asset({
    ...is,
    state: 'ready',
    generation: '1',
    sha256: 'ab'.repeat(32),
    etag: '"e"',
    last_modified: at(0),
    ready_at: at(0),
  });

function part(ready: Asset): ResolvedAsset {
  const found = resolved(ready);
  if (!found) throw new Error(`${ready.id} is not ready`);
  return found;
}

test('a cold boot costs four reads in four calls, a warm one none, and the next machine one; and each asks for its last boot', async (t) => {
  const { store, records, calls, clock } = scene(t);
  const [efi, kernel, initrd] = [
    readyAsset({ kind: 'efi', name: 'ipxe' }),
    readyAsset({ kind: 'kernel' }),
    readyAsset({ kind: 'initrd' }),
  ];
  for (const each of [efi, kernel, initrd]) await createAsset(store, each);
  const machines = [machine({ macs: [macOf(1)] }), machine({ macs: [macOf(2)] })];
  const booted = revision({ kernel: part(kernel), initrds: [part(initrd)] });
  await createProfile(store, booted);
  for (const each of machines) await createMachine(store, { ...each, active: booted.id });
  const plane = await bootPlane(t, records, clock);

  const boot = async (n: number) => {
    calls.length = 0;
    const get = (path: string, userAgent: string, method = 'GET') =>
      fetch(`${plane}${path}`, { method, redirect: 'manual', headers: { 'user-agent': userAgent } });
    t.is((await get('/boot.efi', 'UefiHttpBoot/1.0', 'HEAD')).status, 200);
    t.is((await get('/boot.efi', 'curl/8.0')).status, 302);
    const script = await get(`/boot.ipxe?mac=${macOf(n)}`, 'iPXE/2.0.0');
    t.is(script.status, 200);
    t.regex(await script.text(), /initrd/);
    for (const part of ['kernel', 'initrd']) {
      const path = `/asset/${booted.id}/${part}?machine=${machines[n - 1]?.id}`;
      t.is((await get(path, 'iPXE/2.0.0')).status, 302);
    }
    // What writes the record reads it first, beside the answers.
    const reading = calls.filter((call) => !isOfRecord(call));
    t.is(reading.filter((call) => mentions(call, '"boots"')).length, 1);
    return [reading.length, reading.reduce((sum, { reads }) => sum + reads, 0)];
  };
  t.deepEqual(await boot(1), [5, 5]);
  t.deepEqual(await boot(1), [1, 1]);
  t.deepEqual(await boot(2), [2, 2]);
});

test('with warm caches a thousand redirects ask neither Firestore, nor IAM, nor the storage: they only leave their events', async (t) => {
  const { store, records, calls, clock } = scene(t);
  const kernel = readyAsset({ kind: 'kernel' });
  await createAsset(store, kernel);
  const booted = revision({ kernel: part(kernel) });
  await createProfile(store, booted);
  const booting = machine({ macs: [macOf(3)] });
  await createMachine(store, { ...booting, active: booted.id });
  const email = 'broker@project.iam.gserviceaccount.com';
  const iam = await fakeIam(t, email);
  const storage = await fakeServer(t, () => ({ status: 500 }));
  const token = async () => 'good';
  const blobs = gcsBlobs({
    endpoint: storage.origin,
    token: 'good',
    bucket: kernel.bucket,
    signer: iamSigner({ email, token, clock: () => new Date(), endpoint: iam.origin }),
    urls: signedUrls({ clock }),
    clock,
  });
  t.teardown(() => blobs.close());
  const plane = await bootPlane(t, records, clock, blobs);
  const redirect = async () => {
    const headers = { 'user-agent': 'iPXE/2.0.0' };
    const path = `/asset/${booted.id}/kernel?machine=${booting.id}`;
    const answer = await fetch(plane + path, { redirect: 'manual', headers });
    await answer.text(); // its event is written before it ends
    return answer.status;
  };
  t.is(await redirect(), 302);
  t.is(iam.asked.length, 1);

  calls.length = 0;
  for (let turn = 0; turn < 50; turn += 1)
    t.deepEqual(await Promise.all(Array.from({ length: 20 }, redirect)), Array(20).fill(302));
  // One machine does that too fast: of most, the number alone is written.
  t.true(calls.length < 500, `${calls.length}`);
  t.true(calls.every(isOfRecord));
  t.is(iam.asked.length, 1);
  t.is(storage.asked.length, 0);
});

test('a roll-back by another process is what the next boot here gets, five seconds later at most', async (t) => {
  const { project, store, records, pass } = scene(t);
  await seesRollBack(t, { store, records, pass, name: ['firestore', emulator.host, project] });
});
