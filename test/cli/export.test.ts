import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import fc from 'fast-check';
import { openFirestore } from '../../src/records/firestore/firestore.ts';
import { type Broker, brokerFor, push } from '../support/broker.ts';
import { type Emulator, startEmulator } from '../support/firestore-emulator.ts';
import { needing, command as program } from '../support/needs.ts';
import { command } from './command.ts';

const sqlite = anyTest as TestFn;
const firestore = needing(program('java'), program('gcloud'));

let emulator: Emulator | undefined;
firestore.before(async () => {
  emulator = await startEmulator();
});
firestore.after.always(() => emulator?.kill());

/** All the time that a busy machine may need. */
const deadlines = { readMs: 60_000, writeMs: 60_000 };

async function stocked(t: ExecutionContext, host: string | undefined): Promise<Broker> {
  const replace = () => {
    if (!host) return {};
    const records = openFirestore({ project: `test-${randomUUID()}`, emulatorHost: host, deadlines });
    t.teardown(() => records.close());
    return { records };
  };
  const broker = await brokerFor(t, { replace });
  for (const arch of ['x86_64', 'arm64'] as const)
    for (const kind of ['kernel', 'initrd'] as const)
      for (const name of ['a', 'b'])
        await push(broker, { kind, name, arch, bytes: Buffer.from(`${kind} ${name} ${arch}`) });
  return broker;
}

const word = fc.constantFrom('alpha', 'beta', 'gamma');
const label = fc.oneof(
  fc.constantFrom(
    'yes',
    '12',
    '0x1f',
    '52:54:00:12:34:56',
    'null',
    '',
    ' x ',
    '"',
    "'",
    '#',
    'a: b',
    '- c',
    'é',
    '~',
  ),
  fc.string({ maxLength: 8 }),
);
const content = fc.record({
  kernel: fc.constantFrom('a@1', 'b@1'),
  initrds: fc.array(fc.constantFrom('a@1', 'b@1'), { maxLength: 2 }),
  cmdline: fc.constantFrom('', 'quiet', 'root=LABEL="x" #1 a: b'.replace(' #1', ''), 'mac={{ machine.mac }}'),
  metadata: fc.dictionary(
    word,
    fc.oneof(
      fc
        .json({ maxDepth: 1, depthSize: 'small' })
        .map((text) => JSON.parse(text))
        .filter((value) => !/\d{15}|e[+-]/.test(JSON.stringify(value))),
      label,
    ),
    { maxKeys: 2 },
  ),
});
const choice = fc.oneof(
  word,
  fc.tuple(word, content).map(([name, rest]) => ({ name, ...rest })),
);

/** Desired states; applied one after the other they leave histories, shared and own profiles, and rules behind. */
const state = fc
  .record({
    profiles: fc.uniqueArray(fc.tuple(word, content), {
      selector: ([name]) => name,
      minLength: 3,
      maxLength: 3,
    }),
    machines: fc.uniqueArray(
      fc.record({
        mac: fc.integer({ min: 0, max: 5 }),
        named: fc.boolean(),
        arch: fc.constantFrom(undefined, 'arm64', 'x86_64'),
        note: label,
        networks: fc.subarray(['10.0.0.0/8', 'fd00::/8']),
        memory: fc.option(fc.integer({ min: 1, max: 2 ** 40 }), { nil: undefined }),
        profile: fc.oneof(choice, fc.constant(null), fc.constant(undefined)),
      }),
      { selector: ({ mac }) => mac, maxLength: 5 },
    ),
    rules: fc.uniqueArray(
      fc.record({
        priority: fc.integer({ min: 1, max: 4 }),
        profile: choice,
        wanted: label,
        hardware: fc.constantFrom<object>(
          { manufacturer: 'Dell* "Inc." #1' },
          { product: '*: yes' },
          { hardware: { cpu: 'EPYC', memory_at_least: '64GiB' } },
        ),
      }),
      { selector: ({ priority }) => priority, maxLength: 2 },
    ),
  })
  .map(({ profiles, machines, rules }) => ({
    profiles: profiles.map(([name, rest]) => ({ name, ...rest })),
    machines: machines.map(({ mac, named, arch, note, networks, memory, profile }) => ({
      macs: [`52:54:00:00:00:0${mac}`],
      ...(named && { name: `m${mac}` }),
      labels: { note, ...(arch && { arch }) },
      networks,
      ...(memory !== undefined && { hardware: { memory } }),
      ...(profile !== undefined && { profile }),
    })),
    rules: rules.map(({ priority, profile, wanted, hardware }) => ({
      name: `rule-${priority}`,
      selector: { any: [{ label: { note: wanted } }, { not: { arch: 'arm64' } }, hardware] },
      profile,
      priority,
    })),
  }));

const runs = 12;

for (const [driver, test, host] of [
  ['SQLite', sqlite, () => undefined],
  ['Firestore', firestore, () => emulator?.host],
] as const)
  test(`with ${driver}, what is exported makes the same state of an empty broker`, async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'broker-export-'));
    t.teardown(() => rm(dir, { recursive: true, force: true }));
    const wiped = async (broker: Broker) => {
      for (const kind of ['machines', 'rules'])
        for (const { id } of (await broker.admin(`/api/v1/${kind}?limit=1000`)).json.items)
          await broker.admin(`/api/v1/${kind}/${id}`, undefined, { method: 'DELETE' });
    };
    const of = (broker: Broker) =>
      command({ url: `http://127.0.0.1:${broker.adminPort}`, token: broker.parts.adminToken, dir });
    const [source, target] = [await stocked(t, host()), await stocked(t, host())];
    await fc.assert(
      fc.asyncProperty(fc.array(state, { minLength: 1, maxLength: 3 }), async (states) => {
        await wiped(source);
        await wiped(target);
        for (const one of states) {
          const { status, text } = await source.admin('/api/v1/apply', one);
          if (status !== 200) throw new Error(text);
        }
        const first = await of(source)('export');
        const file = join(dir, 'site.yaml');
        await writeFile(file, first.stdout);
        const applied = await of(target)('apply', '-f', file);
        if (applied.code !== 0) throw new Error(applied.stderr + first.stdout);
        const second = await of(target)('export');
        if (second.stdout !== first.stdout) throw new Error(`${first.stdout}\nis not\n${second.stdout}`);
        const again = await of(source)('apply', '-f', file, '--prune');
        if (again.stdout !== 'nothing to do: it is so already\n')
          throw new Error(again.stdout + again.stderr);
      }),
      { numRuns: runs, includeErrorInReport: true },
    );
    t.pass();
  });
