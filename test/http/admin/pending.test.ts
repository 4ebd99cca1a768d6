import anyTest, { type TestFn } from 'ava';
import { type PendingMachine, pendingId } from '../../../src/boot/machine/pending-machine.ts';
import { UnknownMachines } from '../../../src/http/boot/unknown-machines.ts';
import {
  addMachine,
  addProfile,
  type Broker,
  brokerFor,
  type LogLine,
  recorder,
} from '../../support/broker.ts';
import { until } from '../../support/http.ts';
import { agents, type Site, startSite } from '../site.ts';

const test = anyTest as TestFn;
let site: Site;
test.before(async () => {
  site = await startSite();
});
test.after.always(() => site?.close());

const path = '/api/v1/machines/pending';
const macOf = (n: number) => `52:54:00:02:00:${n.toString(16).padStart(2, '0')}`;
const asks = (broker: Broker, query: string) =>
  broker.boot(`/boot.ipxe?${query}`, { userAgent: agents.ipxe });

async function pendingWith(
  { admin }: Pick<Broker, 'admin'>,
  mac: string,
): Promise<PendingMachine | undefined> {
  const { items } = (await admin(`${path}?limit=1000`)).json as { items: PendingMachine[] };
  return items.find((one) => one.mac === mac);
}

test('a machine that nobody knows and that asks to boot is pending, with what was observed', async (t) => {
  const uuid = '0a1b2c3d-0000-4000-8000-0000000000bb';
  const query = `mac=${macOf(1)}&uuid=${uuid}&serial=S%201&arch=arm64&platform=efi&version=2.0.0%2B`;
  t.is((await asks(site, query)).status, 404);
  await until(() => pendingWith(site, macOf(1)));
  t.is((await asks(site, query)).status, 404);
  await until(async () => (await pendingWith(site, macOf(1)))?.count === 2);
  const pending = await pendingWith(site, macOf(1));
  t.like(pending, {
    id: pendingId({ mac: macOf(1) }),
    mac: macOf(1),
    uuid,
    serial: 'S 1',
    arch: 'arm64',
    platform: 'efi',
    version: '2.0.0+',
    address: '127.0.0.1',
    count: 2,
  });
  t.true((pending?.first_seen ?? '') <= (pending?.last_seen ?? ''));
});

test('what a program leaves unexpanded, or could not be shown, is not kept; nor is who says nothing of itself', async (t) => {
  const own = await brokerFor(t);
  await asks(own, 'mac=$%7bnet0/mac%7d&arch=x');
  await asks(own, `mac=${macOf(1)}&arch=$%7bbuildarch%7d&platform=%1b[31m&version=${'1'.repeat(65)}`);
  await until(() => pendingWith(own, macOf(1)));
  const { items } = (await own.admin(path)).json;
  t.is(items.length, 1);
  t.deepEqual(Object.keys(items[0]).sort(), ['address', 'count', 'first_seen', 'id', 'last_seen', 'mac']);
});

test('one call makes a pending machine a machine, which boots', async (t) => {
  await addProfile(site, { name: 'for-new', kernel: 'debian@12', initrds: ['debian@12'] });
  const query = `mac=${macOf(3)}&serial=S3&arch=arm64`;
  await asks(site, query);
  await until(() => pendingWith(site, macOf(3)));
  const id = pendingId({ mac: macOf(3) });
  t.is(
    (await site.admin(`${path}/${id}/enroll`, { profile: 'no-such' })).json.type,
    'urn:bootbroker:problem:unknown-profile',
  );
  const { status, headers, json } = await site.admin(`${path}/${id}/enroll`, {
    name: 'new',
    labels: { rack: 'r1' },
    profile: 'for-new',
  });
  t.is(status, 201);
  t.is(headers.location, `/api/v1/machines/${json.id}`);
  t.is(headers.etag, '"1"');
  t.like(json, {
    name: 'new',
    macs: [macOf(3)],
    serial: 'S3',
    labels: { rack: 'r1', arch: 'arm64' },
    version: 1,
  });
  t.is(json.history.length, 1);
  t.deepEqual((await site.admin(headers.location ?? '')).json, json);
  t.is(await pendingWith(site, macOf(3)), undefined);
  t.is((await asks(site, `mac=${macOf(3)}&serial=S3`)).status, 200);
  t.is((await site.admin(`${path}/${id}/enroll`, {})).json.type, 'urn:bootbroker:problem:unknown-pending');
});

test('a machine that is registered otherwise is pending no more, and one that is dismissed neither', async (t) => {
  for (const n of [5, 6, 7]) await asks(site, `mac=${macOf(n)}`);
  await until(
    async () =>
      (await pendingWith(site, macOf(5))) &&
      (await pendingWith(site, macOf(6))) &&
      (await pendingWith(site, macOf(7))),
  );
  const { id } = await addMachine(site, { macs: [macOf(5)] });
  await site.admin(`/api/v1/machines/${id}`, { macs: [macOf(5), macOf(6)] }, { method: 'PUT' });
  const dismiss = () =>
    site.admin(`${path}/${pendingId({ mac: macOf(7) })}`, undefined, { method: 'DELETE' });
  t.deepEqual([(await dismiss()).status, (await dismiss()).status], [204, 404]);
  for (const n of [5, 6, 7]) t.is(await pendingWith(site, macOf(n)), undefined);
  await asks(site, `mac=${macOf(7)}`);
  await until(() => pendingWith(site, macOf(7)));
});

test('a MAC that somebody took meanwhile is not enrolled, and stays pending', async (t) => {
  const own = await brokerFor(t);
  const seen = {
    id: pendingId({ mac: macOf(1) }),
    mac: macOf(1),
    address: '10.0.0.1',
    first_seen: '2026-01-01T00:00:00Z',
    last_seen: '2026-01-01T00:00:00Z',
    count: 1,
  };
  await addMachine(own, { macs: [macOf(1)] });
  await own.parts.records.updatePending([seen]);
  t.is((await own.admin(`${path}/${seen.id}/enroll`, {})).status, 409);
  t.deepEqual((await own.admin(path)).json.items, [seen]);
});

function watching(pauses: { gatherMs: number; restMs: number; sameMs: number }) {
  const writes: (readonly PendingMachine[])[] = [];
  const log: LogLine[] = [];
  const state = { down: false };
  const records = {
    async updatePending(machines: readonly PendingMachine[]) {
      if (state.down) throw new Error('down');
      writes.push(machines);
    },
  };
  const unknown = new UnknownMachines({ records, log: recorder(log) }, pauses);
  const note = (n: number) =>
    unknown.note({ serial: `${n}` }, { query: () => undefined, address: '10.0.0.1', now: new Date() });
  return { unknown, note, writes, log, state };
}
const hour = 3_600_000;

test('a flood of unknown machines costs one write, of those that asked last', async (t) => {
  const { unknown, note, writes } = watching({ gatherMs: hour, restMs: hour, sameMs: hour });
  for (let n = 0; n < 20_000; n += 1) note(n);
  for (let n = 0; n < 5; n += 1) note(19_000);
  await unknown.settled();
  t.is(writes.length, 1);
  t.deepEqual(
    writes[0]?.map(({ serial }) => Number(serial)),
    [...Array.from({ length: 999 }, (_, n) => 19_001 + n), 19_000],
  );
  t.is(writes[0]?.at(-1)?.count, 6);
});

test('who goes on asking is written again only after its pause, with all that came meanwhile', async (t) => {
  const { unknown, note, writes } = watching({ gatherMs: 1, restMs: 1, sameMs: hour });
  note(1);
  await until(() => writes.length === 1);
  for (let n = 0; n < 10; n += 1) note(1);
  note(2);
  await until(() => writes.length === 2);
  t.deepEqual(
    writes[1]?.map(({ serial }) => serial),
    ['2'],
  );
  await unknown.settled();
  t.deepEqual(
    writes[2]?.map(({ serial, count }) => [serial, count]),
    [['1', 10]],
  );
});

test('a store that is down is logged, and nobody waits for it', async (t) => {
  const { unknown, note, writes, log, state } = watching({ gatherMs: 1, restMs: 1, sameMs: 1 });
  state.down = true;
  note(1);
  await until(() => log.length === 1);
  state.down = false;
  note(1);
  await until(() => writes.length === 1);
  await unknown.settled();
  t.is(log.length, 1);
});
