import test from 'ava';
import { StoreDown } from '../../../src/boot/store-down.ts';
import { addMachine, addProfile, type Broker, brokerFor, expectStatus, push } from '../../support/broker.ts';
import type { Answered } from '../../support/http.ts';
import { agents, problem } from '../site.ts';

const mac = '52:54:00:aa:bb:01';
const macOf = (n: number) =>
  `02:00:${[n >> 24, n >> 16, n >> 8, n].map((part) => (part & 255).toString(16).padStart(2, '0')).join(':')}`;
const manyMachines = (count: number) => ({
  machines: Array.from({ length: count }, (_, n) => ({ macs: [macOf(n)] })),
});
/** 7 MB, of which no key is any. */
const unknownKeys = () => Object.fromEntries(Array.from({ length: 600_000 }, (_, n) => [`k${n}`, 0]));

async function furnish(broker: Broker): Promise<void> {
  await push(broker, { kind: 'kernel', name: 'debian', bytes: Buffer.from('kernel') });
  const { id } = await addMachine(broker, { macs: [mac] });
  await addProfile(broker, { name: 'own', machine_id: id, kernel: 'debian@1' });
}

/** How many scripts a machine is given, one after the other, before that answer is there. */
async function bootsDuring(broker: Broker, answer: Promise<Answered>): Promise<[number, Answered]> {
  let going = true;
  const done = answer.finally(() => {
    going = false;
  });
  let boots = 0;
  while (going) {
    expectStatus(await broker.boot(`/boot.ipxe?mac=${mac}`, { userAgent: agents.ipxe }), 200);
    if (going) boots++;
  }
  return [boots, await done];
}

async function viewer(broker: Broker) {
  const { token } = (await broker.admin('/api/v1/tokens', { name: 'viewer', role: 'viewer' })).json;
  return { Authorization: `Bearer ${token}` };
}

test.serial("while a viewer's dry run of 7 MB is read and checked, machines get their scripts", async (t) => {
  const broker = await brokerFor(t);
  await furnish(broker);
  const body = unknownKeys();
  const headers = await viewer(broker);
  const [boots, { status, json }] = await bootsDuring(
    broker,
    broker.admin('/api/v1/apply?dry_run=1', body, { headers }),
  );
  t.true(boots > 20, `only ${boots}`);
  t.log(`${boots} scripts meanwhile`);
  t.is(status, 400);
  t.is(json.errors.length, 100);
  t.regex(json.detail, /^body\.k0: is no field here; .*; and there are more than 100 mistakes$/);
});

test.serial('while a dry run of 50 000 machines is planned, machines get their scripts', async (t) => {
  const broker = await brokerFor(t);
  await furnish(broker);
  const [boots, { status, json }] = await bootsDuring(
    broker,
    broker.admin('/api/v1/apply?dry_run=1', manyMachines(50_000)),
  );
  t.true(boots > 20, `only ${boots}`);
  t.log(`${boots} scripts meanwhile`);
  t.is(status, 413, 'more than one write can hold');
  t.is(json.type, problem('change-too-large'));
});

test.serial(
  'while a dry run of a rule looks at thousands of machines, machines get their scripts',
  async (t) => {
    const broker = await brokerFor(t);
    await furnish(broker);
    await addProfile(broker, { name: 'rack', kernel: 'debian@1', cmdline: 'mac={{ machine.mac }}' });
    expectStatus(await broker.admin('/api/v1/apply', manyMachines(3000)), 200);
    const headers = await viewer(broker);
    const rule = { name: 'all', selector: { all: [] }, profile: 'rack', priority: 1 };
    const [boots, { status, json }] = await bootsDuring(
      broker,
      broker.admin('/api/v1/rules?dry_run=1&limit=1000', rule, { headers }),
    );
    t.is(status, 200);
    t.is(json.examined, 1000);
    t.log(`${boots} scripts meanwhile`);
    t.true(boots > 0);
  },
);

test.serial('who finds others before them is told to come again, and nothing of them is lost', async (t) => {
  const broker = await brokerFor(t, { planning: { mostWaiting: 0 } });
  const first = broker.admin('/api/v1/apply?dry_run=1', unknownKeys());
  const both = await Promise.all([first, broker.admin('/api/v1/apply?dry_run=1', unknownKeys())]);
  const [, refused] = both.toSorted((a, b) => a.status - b.status);
  t.deepEqual(both.map(({ status }) => status).sort(), [400, 503]);
  t.is(refused?.json.type, problem('apply-busy'));
  t.is(refused?.headers['retry-after'], '5');
  t.is((await broker.admin('/api/v1/apply', manyMachines(1))).status, 200);
});

test.serial(
  'an apply that takes too much memory or time is refused, and the next one is as good as ever',
  async (t) => {
    for (const planning of [{ mostMiB: 40 }, { mostMs: 1 }]) {
      const broker = await brokerFor(t, { planning });
      await furnish(broker);
      const [, { status, json }] = await bootsDuring(broker, broker.admin('/api/v1/apply', unknownKeys()));
      t.is(status, 413, JSON.stringify(json));
      t.is(json.type, problem('change-too-large'));
      t.regex(json.detail, /was stopped; nothing was changed/);
      if ('mostMiB' in planning) t.is((await broker.admin('/api/v1/apply', manyMachines(3))).status, 200);
    }
  },
);

test.serial(
  'records that are down are 503 there, too, and an apply goes when they are up again',
  async (t) => {
    let down = true;
    const broker = await brokerFor(t, {
      replace: ({ records }) => ({
        records: {
          ...records,
          async listRules(page) {
            if (down) throw new StoreDown('records', 'listing rules', 'a test');
            return records.listRules(page);
          },
        },
      }),
    });
    t.is((await broker.admin('/api/v1/apply', manyMachines(2))).json.type, problem('store-down'));
    down = false;
    t.is((await broker.admin('/api/v1/apply', manyMachines(2))).status, 200);
  },
);

test.serial('a dry run that nobody waits for any more makes room for the next', async (t) => {
  const broker = await brokerFor(t, { planning: { mostWaiting: 1 } });
  const leaving = new AbortController();
  const left = fetch(`http://127.0.0.1:${broker.adminPort}/api/v1/apply?dry_run=1`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${broker.parts.adminToken}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(unknownKeys()),
    signal: leaving.signal,
  });
  setTimeout(() => leaving.abort(), 300);
  await t.throwsAsync(left);
  t.is((await broker.admin('/api/v1/apply', manyMachines(1))).status, 200);
});

test.serial(
  'what other routes take is bounded in keys and values, and of its mistakes the first hundred are told',
  async (t) => {
    const broker = await brokerFor(t);
    const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, 0]));
    const refused = await broker.admin('/api/v1/machines', keys(24_000));
    t.is(refused.status, 400);
    t.is(refused.json.errors.length, 100);
    t.true(refused.text.length < 20_000);
    for (const body of [keys(25_001), { macs: Array.from({ length: 50_000 }, () => true) }]) {
      const { status, json } = await broker.admin('/api/v1/machines', body);
      t.is(status, 400);
      t.regex(json.detail, /^The body has more than 50000 keys and values/);
    }
    const [name, text] = ['k'.repeat(500_000), 'x'.repeat(500_000)];
    const long = await broker.admin('/api/v1/machines', { [name]: 0, serial: text });
    t.is(long.status, 400);
    t.true(long.text.length < 5_000, 'a long name is not said whole');
  },
);
