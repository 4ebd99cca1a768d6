import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import type { Machine } from '../../src/boot/machine/machine.ts';
import { openFirestore } from '../../src/records/firestore/firestore.ts';
import type { Records } from '../../src/records/records.ts';
import { type Emulator, startEmulator } from '../support/firestore-emulator.ts';
import { command, needing } from '../support/needs.ts';
import { type TcpSwitch, tcpSwitch } from '../support/tcp-switch.ts';
import { warm } from '../support/warm-firestore.ts';
import { type Boot, type Booter, startBooter } from './booter.ts';
import { at, machine, macOf, newId, revision } from './examples.ts';
import { createMachine, createProfile } from './writing.ts';

const test = needing(command('java'), command('gcloud'));

let emulator: Emulator;
test.before(async () => {
  emulator = await startEmulator();
  await warm(emulator.host);
});
test.after.always(() => emulator?.kill());

const mac = macOf(1);

/** One process writes, this one; another boots, over a way that can be cut. */
async function scene(t: ExecutionContext): Promise<{
  readonly project: string;
  readonly records: Records;
  readonly known: () => Promise<Machine>;
  readonly booter: Booter;
  readonly way: TcpSwitch;
  /** Gives the machine another revision; resolves with its id, and when the write had been answered. */
  readonly moved: () => Promise<{ readonly revision: string; readonly at: number }>;
}> {
  const project = `test-${randomUUID()}`;
  const records = openFirestore({
    project,
    emulatorHost: emulator.host,
    deadlines: { readMs: 60_000, writeMs: 60_000 },
  });
  t.teardown(() => records.close());
  const known = machine({ macs: [mac] });
  await createMachine(records, known);
  const moved = async () => {
    const next = revision({ id: newId() });
    await createProfile(records, next, { machine_id: known.id, at: at(1) });
    return { revision: next.id, at: Date.now() };
  };
  await moved();
  const way = await tcpSwitch(t, emulator.port);
  const reread = async () => (await records.machine(known.id)) ?? known;
  return { project, records, known: reread, booter: startBooter(t, way.host, project, mac), way, moved };
}

/** Boots again and again until it is so; all boots that it took. */
async function bootsUntil(booter: Booter, enough: (boot: Boot) => boolean): Promise<Boot[]> {
  const boots: Boot[] = [];
  const end = Date.now() + 60_000;
  while (Date.now() < end) {
    const boot = await booter.boot();
    boots.push(boot);
    if (enough(boot)) return boots;
    await pause(50);
  }
  throw new Error(`not in a minute: ${JSON.stringify(boots.at(-1))}`);
}

/** It listens when a change is known at once; until then it may have to be asked for. */
async function listens({ booter, moved }: Awaited<ReturnType<typeof scene>>): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    await booter.boot();
    const move = await moved();
    await pause(500);
    if ((await booter.boot()).revision === move.revision) return;
    await pause(500);
  }
  throw new Error('it does not listen');
}

test('warm boots ask nothing but for what was changed, once in five seconds', async (t) => {
  const all = await scene(t);
  await listens(all);
  const began = Date.now();
  const boots = await bootsUntil(all.booter, ({ at }) => at - began > 12_000);
  const calls = boots.slice(1).flatMap((boot) => boot.calls);
  t.true(boots.length > 20, `${boots.length}`);
  t.deepEqual([...new Set(calls)], ['runQuery changes']);
  t.true(calls.length <= 3, `${calls.length} in 12 s`);
  t.deepEqual(boots.at(-1)?.silences, []);
});

test('a roll-back elsewhere is what boots here get within a second, while it is listened to', async (t) => {
  const all = await scene(t);
  await listens(all);
  const late: number[] = [];
  for (let n = 0; n < 8; n += 1) {
    const move = await all.moved();
    const boots = await bootsUntil(all.booter, ({ revision }) => revision === move.revision);
    late.push((boots.at(-1)?.at ?? Number.POSITIVE_INFINITY) - move.at);
  }
  t.log(`known after ${late.map((ms) => Math.max(0, ms)).join(', ')} ms`);
  t.true(Math.max(...late) < 1000, `${late}`);
});

test('on a connection that swallows everything, no boot gets what was changed more than five seconds ago', async (t) => {
  const all = await scene(t);
  await listens(all);
  all.way.swallow();
  for (let n = 0; n < 3; n += 1) {
    const move = await all.moved();
    const boots = await bootsUntil(all.booter, ({ revision }) => revision === move.revision);
    const late = boots.filter(({ at, revision }) => at - move.at > 5000 && revision !== move.revision);
    t.deepEqual(late, []);
  }
});

for (const seconds of [2, 6, 60])
  test(`a process that stands still for ${seconds} s boots nothing that was changed more than five seconds ago`, async (t) => {
    const all = await scene(t);
    await listens(all);
    all.booter.kill('SIGSTOP');
    const move = await all.moved();
    const waiting = Array.from({ length: 3 }, () => all.booter.boot());
    await pause(seconds * 1000);
    all.booter.kill('SIGCONT');
    const boots = [
      ...(await Promise.all(waiting)),
      ...(await bootsUntil(all.booter, ({ revision }) => revision === move.revision)),
    ];
    const late = boots.filter(({ at, revision }) => at - move.at > 5000 && revision !== move.revision);
    t.deepEqual(late, []);
    t.is((await all.booter.boot()).revision, move.revision);
  });

test('a machine that is made elsewhere boots here within five seconds, although it was not there before', async (t) => {
  const all = await scene(t);
  await listens(all);
  const booter = startBooter(t, all.way.host, all.project, macOf(2));
  const { active } = await all.known();
  for (let n = 0; n < 30; n += 1) {
    t.is((await booter.boot()).revision, undefined);
    await pause(100);
  }
  all.way.swallow();
  await createMachine(all.records, machine({ macs: [macOf(2)], ...(active && { active }) }));
  const made = Date.now();
  const boots = await bootsUntil(booter, ({ revision }) => revision === active);
  t.deepEqual(
    boots.filter(({ at, revision }) => at - made > 5000 && revision !== active),
    [],
  );
});
