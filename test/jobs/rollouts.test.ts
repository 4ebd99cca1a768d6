import test, { type ExecutionContext } from 'ava';
import type { ProfileRevision } from '../../src/boot/profile.ts';
import { reportWithinMs } from '../../src/boot/rule/rollout.ts';
import type { Rule } from '../../src/boot/rule/rule.ts';
import { rolloutWatch } from '../../src/jobs/rollouts.ts';
import type { Records } from '../../src/records/records.ts';
import { openSqlite } from '../../src/records/sqlite/sqlite.ts';
import { openMetrics } from '../../src/telemetry/metrics.ts';
import { bootEntry, machine, revision, rule } from '../records/examples.ts';
import { tempFile } from '../records/temp-file.ts';
import { type LogLine, recorder } from '../support/broker.ts';

const start = Date.UTC(2026, 0, 1);
const iso = (ms: number) => new Date(start + ms).toISOString();

/** A rule on its way from one revision to another, to all of ten machines but those that the hash spares, and a clock that stands. */
async function scene(t: ExecutionContext, is: Partial<Rule> = {}, what: Partial<ProfileRevision> = {}) {
  const records: Records = openSqlite(await tempFile(t));
  t.teardown(() => records.close());
  const [old, young] = [revision(), revision(what)];
  const machines = Array.from({ length: 10 }, () => machine());
  const staged = rule({
    name: 'rule',
    active: old.id,
    history: [{ revision: old.id, at: iso(-1e6) }],
    percent: 99,
    selector: { all: [] },
    rollout: { revision: young.id, percent: 99, started_at: iso(0) },
    ...is,
  });
  const changes = [old, young].map((to) => ({ kind: 'profile', to }) as const);
  const made = machines.map((to) => ({ kind: 'machine', id: to.id, expected: 0, to }) as const);
  t.is(
    await records.write([...changes, ...made, { kind: 'rule', id: staged.id, expected: 0, to: staged }]),
    'written',
  );
  const log: LogLine[] = [];
  let now = 0;
  const metrics = openMetrics();
  const look = rolloutWatch({
    records,
    clock: () => new Date(start + now),
    log: recorder(log),
    metrics,
  });
  return {
    records,
    log,
    halted: async () => /^bootbroker_rollouts_halted_total (\d+)$/m.exec(await metrics.text())?.[1],
    young: young.id,
    old: old.id,
    machines: machines.map(({ id }) => id),
    rule: async () => (await records.rule(staged.id)) as Rule,
    event: (machine_id: string, stage: string, at: number, of = young.id) =>
      records.addBootEntry(
        bootEntry({ machine_id, stage, at: iso(at), ...(stage === 'script' && { revision: of }) }),
      ),
    async lookAt(at: number) {
      now = at;
      return look();
    },
  };
}

test('a roll-out is halted when machines that got the new revision stop reporting in', async (t) => {
  const { records, machines, event, lookAt, rule: now, young, log, halted: count } = await scene(t);
  t.is(await count(), '0');
  for (const id of machines) await event(id, 'up', -1000, 'before');
  for (const id of machines.slice(0, 5)) await event(id, 'script', 10);
  for (const id of machines.slice(0, 2)) await event(id, 'up', 20);
  t.deepEqual(await lookAt(reportWithinMs), [], 'they have time');
  t.deepEqual(await lookAt(reportWithinMs + 11), ['rule']);
  const halted = await now();
  t.like(halted.rollout, { revision: young, halted_at: iso(reportWithinMs + 11) });
  t.regex(halted.rollout?.reason ?? '', /^\d of \d machines did not report up within 20 minutes/);
  t.is(halted.version, 2);
  t.like(log.at(-1), { level: 'error', rule: 'rule', revision: young });
  const { items } = await records.listAudit({ limit: 10 });
  t.like(items.at(-1), {
    action: 'rule.halt',
    actor: { kind: 'broker' },
    target: { kind: 'rule', id: halted.id },
  });
  t.deepEqual(await lookAt(reportWithinMs * 9), [], 'once is enough');
  t.is(await count(), '1');
});

test('a machine that goes on asking and never comes up is missed as well', async (t) => {
  const { machines, event, lookAt } = await scene(t);
  for (const id of machines) {
    await event(id, 'up', -1000, 'before');
    for (let at = 10; at < reportWithinMs + 1000; at += 60_000) await event(id, 'script', at);
  }
  t.deepEqual(await lookAt(reportWithinMs + 1000), ['rule']);
});

test('who never reported, was not reached or has a profile of its own does not count', async (t) => {
  const { records, machines, event, lookAt, old } = await scene(t);
  const [first = '', second = '', ...others] = machines;
  for (const id of others) {
    await event(id, 'up', -1000, old);
    await event(id, 'script', 10);
    await event(id, 'up', 20);
  }
  await event(first, 'script', 10);
  await event(second, 'up', -1000, old);
  await event(second, 'script', 10, old);
  const own = machine({ active: old, history: [{ revision: old, at: iso(0) }] });
  await records.write([{ kind: 'machine', id: own.id, expected: 0, to: own }]);
  await event(own.id, 'up', -1000, old);
  await event(own.id, 'script', 10);
  t.deepEqual(await lookAt(1e9), []);
});

test('a stage that was promoted after a halt has its own time, and who came up in an earlier one stays well', async (t) => {
  const { records, machines, event, lookAt, rule: now } = await scene(t);
  for (const id of machines) await event(id, 'up', -1000, 'before');
  for (const id of machines) await event(id, 'script', 10);
  t.deepEqual(await lookAt(reportWithinMs + 11), ['rule']);
  const { id, version, rollout, ...rest } = await now();
  if (!rollout) throw new Error('it had a roll-out');
  const again = { revision: rollout.revision, percent: 99, started_at: iso(1e8) };
  await records.write([
    { kind: 'rule', id, expected: version, to: { ...rest, id, version: version + 1, rollout: again } },
  ]);
  t.deepEqual(await lookAt(1e9), [], 'nobody has asked again');
  for (const one of machines) {
    await event(one, 'script', 1e8 + 1);
    await event(one, 'up', 1e8 + 2);
  }
  t.deepEqual(await lookAt(1e9), []);
});

test('a roll-out that sends machines to their disks is not halted: they have nothing to report', async (t) => {
  const { machines, event, lookAt } = await scene(t, {}, { disk: true });
  for (const id of machines) await event(id, 'up', -1000, 'before');
  for (const id of machines) await event(id, 'script', 10);
  t.deepEqual(await lookAt(1e9), []);
});

test('without a roll-out it is one read', async (t) => {
  const { records } = await scene(t, { name: 'other' });
  const calls: string[] = [];
  const counting = new Proxy(records, {
    get(target, name: keyof Records) {
      calls.push(name);
      return name === 'rulebook' ? async () => [] : target[name];
    },
  });
  t.deepEqual(
    await rolloutWatch({
      records: counting,
      clock: () => new Date(start),
      log: recorder([]),
      metrics: openMetrics(),
    })(),
    [],
  );
  t.deepEqual(calls, ['rulebook']);
});
