import anyTest, { type TestFn } from 'ava';
import type { Observation, PendingMachine } from '../../../src/boot/machine/pending-machine.ts';
import { addMachine, addProfile, type Broker, brokerFor, push } from '../../support/broker.ts';
import { until } from '../../support/http.ts';
import { scaled } from '../../support/patience.ts';
import { agents, problem } from '../site.ts';

const test = anyTest as TestFn;

const path = '/api/v1/machines/pending';
const macOf = (n: number) =>
  `52:54:00:0e:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`;
const honest = '4c4c4544-0044-4a10-8031-b4c04f4b4d31';
const forged = '4c4c4544-9999-4a10-8031-b4c04f4b4d99';

const asks = (broker: Broker, query: string, from = '127.0.0.1') =>
  broker.boot(`/boot.ipxe?${query}`, { userAgent: agents.ipxe, from });

/** Waits until that many observations of it are kept. */
async function seen(broker: Broker, mac: string, observations = 1): Promise<PendingMachine> {
  const read = async () => {
    const { status, json } = await broker.admin(`${path}/${mac}`);
    return status === 200 && 1 + (json.others?.length ?? 0) === observations ? json : undefined;
  };
  await until(read);
  return read();
}

async function withProfile(broker: Broker): Promise<void> {
  await push(broker, { kind: 'kernel', name: 'debian', bytes: Buffer.from('kernel') });
  await addProfile(broker, { name: 'debian', kernel: 'debian@1' });
}

for (const [what, shared] of Object.entries({
  'the UUID that its maker gave to all': 'uuid=03000200-0400-0500-0006-000700080009',
  "another's UUID, as clones of a VM have": `uuid=${honest}`,
  "another's serial": 'serial=REAL-1',
  'a placeholder for a serial': 'serial=0123456789',
}))
  test(`a second board with ${what} is unknown, pending, and nobody else`, async (t) => {
    const broker = await brokerFor(t);
    await withProfile(broker);
    await asks(broker, `mac=${macOf(1)}&${shared}`);
    await seen(broker, macOf(1));
    const first = await broker.admin(`${path}/${macOf(1)}/enroll`, { name: 'first', profile: 'debian' });
    t.is(first.status, 201);
    const second = await asks(broker, `mac=${macOf(2)}&${shared}`);
    t.is(second.json.type, problem('unknown-machine'));
    t.notRegex(second.text, new RegExp(first.json.id));
    const pending = await seen(broker, macOf(2));
    const by = shared.split('=')[0];
    const isTrue = what.startsWith('another');
    t.deepEqual(pending.like, isTrue ? [{ by: by as 'uuid', machine: first.json.id }] : undefined);
    t.is(pending.placeholders?.[by as 'uuid'] !== undefined, !isTrue);
    t.is((await broker.boot(`/report/up?mac=${macOf(2)}&${shared}`)).json.type, problem('unknown-machine'));
    const { json } = await broker.admin(`/api/v1/explain?mac=${macOf(2)}&${shared}`);
    t.is(json.machine, null);
    const told = json.steps.map(({ says }: { says: string }) => says).join('\n');
    t.is(told.includes(`--add-to ${first.json.id}`), isTrue, told);
    t.is((await broker.admin(`${path}/${macOf(2)}/enroll`, { name: 'second' })).status, 201);
  });

test('the log, and not the answer, says whom an unknown machine would be taken for', async (t) => {
  const broker = await brokerFor(t);
  const { id } = await addMachine(broker, { macs: [macOf(1)], uuid: honest });
  const { headers, text } = await asks(broker, `mac=${macOf(2)}&uuid=${honest}`);
  t.false(text.includes(id));
  const line = () => broker.log.find(({ request_id }) => request_id === headers['x-request-id']);
  await until(line);
  t.regex(String(line()?.reason), new RegExp(`the uuid of machine ${id}`));
});

test('one call adds the MAC of a new interface to the machine whose it is', async (t) => {
  const broker = await brokerFor(t);
  const known = await addMachine(broker, { macs: [macOf(1)], uuid: honest, labels: { rack: 'r1' } });
  await asks(broker, `mac=${macOf(2)}&uuid=${honest}`);
  await seen(broker, macOf(2));
  const enroll = (body: object) => broker.admin(`${path}/${macOf(2)}/enroll`, body);
  t.is((await enroll({ add_to: known.id, name: 'other' })).status, 400);
  t.is(
    (await enroll({ add_to: '00000000-0000-7000-8000-000000000000' })).json.type,
    problem('unknown-machine'),
  );
  const { status, json } = await enroll({ add_to: known.id });
  t.is(status, 200);
  t.like(json, { id: known.id, macs: [macOf(1), macOf(2)], labels: { rack: 'r1' }, version: 2 });
  t.is((await broker.admin(`${path}/${macOf(2)}`)).status, 404);
  t.is((await asks(broker, `mac=${macOf(2)}`)).json.type, problem('no-profile'));
});

test('who says the MAC of another pending machine changes nothing of it, and nobody is enrolled by a guess', async (t) => {
  const broker = await brokerFor(t);
  await asks(broker, `mac=${macOf(1)}&uuid=${honest}&serial=HONEST`, '127.0.0.31');
  await seen(broker, macOf(1));
  await asks(broker, `mac=${macOf(1)}&uuid=${forged}&serial=ATTACKER`, '127.0.0.66');
  const pending = await seen(broker, macOf(1), 2);
  t.like(pending, { uuid: honest, serial: 'HONEST', address: '127.0.0.31', count: 1 });
  t.like(pending.others?.[0], { uuid: forged, serial: 'ATTACKER', address: '127.0.0.66', count: 1 });
  const enroll = (body: object) => broker.admin(`${path}/${macOf(1)}/enroll`, body);
  const refused = await enroll({ name: 'new' });
  t.is(refused.status, 409);
  t.is(refused.json.type, problem('pending-contradicted'));
  for (const said of [
    '127.0.0.31',
    honest,
    'HONEST',
    '127.0.0.66',
    forged,
    'ATTACKER',
    '--from',
    '--mac-only',
  ])
    t.true(refused.json.detail.includes(said), said);
  t.is((await enroll({ from: '127.0.0.99' })).status, 409);
  const { status, json } = await enroll({ from: '127.0.0.31', networks: ['127.0.0.31/32'] });
  t.is(status, 201);
  t.like(json, { uuid: honest, serial: 'HONEST', networks: ['127.0.0.31/32'] });
  t.is((await asks(broker, `uuid=${forged}`, '127.0.0.66')).json.type, problem('unknown-machine'));
});

test('whom to believe may be said by UUID or serial, or that it is nobody; another address alone is no contradiction', async (t) => {
  const broker = await brokerFor(t);
  for (const n of [1, 2, 3]) {
    await asks(broker, `mac=${macOf(n)}&uuid=${honest}`, '127.0.0.31');
    await asks(broker, `mac=${macOf(n)}&serial=S-${n}`, '127.0.0.66');
    await seen(broker, macOf(n), 2);
  }
  const enroll = (n: number, body: object) => broker.admin(`${path}/${macOf(n)}/enroll`, body);
  t.is((await enroll(1, {})).status, 409, 'that the other says less is no agreement');
  const [uuid, serial, mac] = [
    await enroll(1, { uuid: honest.toUpperCase() }),
    await enroll(2, { serial: 'S-2' }),
    await enroll(3, { mac_only: true }),
  ].map(({ json }) => ({ macs: json.macs, uuid: json.uuid, serial: json.serial }));
  t.deepEqual(uuid, { macs: [macOf(1)], uuid: honest, serial: undefined });
  t.deepEqual(serial, { macs: [macOf(2)], uuid: undefined, serial: 'S-2' });
  t.deepEqual(mac, { macs: [macOf(3)], uuid: undefined, serial: undefined });
  for (const from of ['127.0.0.31', '127.0.0.66']) await asks(broker, `mac=${macOf(4)}&serial=S-4`, from);
  await seen(broker, macOf(4), 2);
  t.is((await enroll(4, {})).json.serial, 'S-4');
});

test('who is enrolled is named as it was typed', async (t) => {
  const broker = await brokerFor(t);
  const { id } = await addMachine(broker, { macs: [macOf(1)] });
  const known = (await broker.admin(`${path}/${macOf(1)}/enroll`, {})).json;
  t.is(known.type, problem('unknown-pending'));
  t.true(known.detail.startsWith(`${macOf(1)} is registered already: machine ${id}.`));
  t.regex(
    (await broker.admin(`${path}/525400-0e0002/enroll`, {})).json.detail,
    /^No machine 525400-0e0002 is pending/,
  );
  await asks(broker, `uuid=${honest}`);
  await seen(broker, honest);
  t.is((await broker.admin(`${path}/${honest.toUpperCase()}/enroll`, {})).json.uuid, honest);
});

test('a flood of made-up MACs from one host evicts nobody else, and no boot waits for it', async (t) => {
  const broker = await brokerFor(t);
  await withProfile(broker);
  const known = await addMachine(broker, { macs: [macOf(60_000)] });
  await addProfile(broker, { machine_id: known.id, kernel: 'debian@1' });
  await asks(broker, `mac=${macOf(60_001)}&uuid=${honest}`, '127.0.0.31');
  await seen(broker, macOf(60_001));
  const begun = performance.now();
  let longest = 0;
  for (let n = 0; n < 1100; n += 100) {
    await Promise.all(
      Array.from({ length: 100 }, (_, k) => asks(broker, `mac=${macOf(n + k)}`, '127.0.0.66')),
    );
    const before = performance.now();
    t.is((await asks(broker, `mac=${macOf(60_000)}`)).status, 200);
    longest = Math.max(longest, performance.now() - before);
  }
  t.log(`${Math.round(performance.now() - begun)} ms, a boot at most ${Math.round(longest)} ms`);
  t.true(longest < scaled(5000));
  await until(async () => (await broker.admin(`${path}/${macOf(1099)}`)).status === 200);
  const { items } = (await broker.admin(`${path}?limit=1000`)).json as {
    items: (PendingMachine & Observation)[];
  };
  t.is(items.length, 1000);
  t.is(items.find(({ mac }) => mac === macOf(60_001))?.uuid, honest);
});
