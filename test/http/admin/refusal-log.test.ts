import test from 'ava';
import type { Actor } from '../../../src/boot/access/actor.ts';
import type { AuditEntry } from '../../../src/boot/access/audit.ts';
import { RefusalLog } from '../../../src/http/admin/login/refusal-log.ts';
import { type LogLine, recorder } from '../../support/broker.ts';
import { until } from '../../support/http.ts';

const at = '2026-01-01T00:00:00.000Z';
const from = (address: string): Actor => ({ kind: 'anonymous', id: 'unknown', address, at });

function opened(windowMs: number, fails = false, bounds?: ConstructorParameters<typeof RefusalLog>[2]) {
  const written: AuditEntry[] = [];
  const log: LogLine[] = [];
  const records = {
    async write(_: unknown, entries: readonly AuditEntry[] = []) {
      if (fails) throw new Error('down');
      written.push(...entries);
      return 'written' as const;
    },
  };
  return { written, log, refusals: new RefusalLog({ records, log: recorder(log) }, windowMs, bounds) };
}

test('of many refusals of one kind the first is written at once, the rest together when their time is over', async (t) => {
  const { written, refusals } = opened(50);
  for (let n = 0; n < 1000; n += 1) refusals.note(from('10.0.0.1'), 'authenticate', 'no such token');
  await until(() => written.length === 2);
  const [first, rest] = written;
  t.like(first, {
    outcome: 'refused',
    from: '10.0.0.1',
    action: 'authenticate',
    reason: 'no such token',
    at,
  });
  t.deepEqual([first?.count, rest?.count], [undefined, 999]);
  t.not(first?.id, rest?.id);
  refusals.note(from('10.0.0.1'), 'authenticate', 'no such token');
  await until(() => written.length === 3);
  await refusals.settled();
  t.is(written.length, 3);
});

test('more sources than anybody could read become one event, and the end of the broker loses none', async (t) => {
  const { written, refusals } = opened(3_600_000);
  for (let n = 0; n < 5000; n += 1) refusals.note(from(`10.0.${n >> 8}.${n & 255}`), 'authenticate', 'x');
  await refusals.settled();
  t.is(written.length, 64 + 2);
  const total = written.reduce((sum, { count = 1 }) => sum + count, 0);
  t.is(total, 5000);
  t.is(written.filter(({ from: source }) => source === undefined).length, 2);
});

test('a refusal that cannot be written is logged, and a secret in its reason is neither written nor logged', async (t) => {
  const { log, refusals } = opened(3_600_000, true);
  refusals.note(from('10.0.0.1'), 'authenticate', `bb_${'0'.repeat(32)}_${'f'.repeat(64)} password=hunter2`);
  await refusals.settled();
  t.is(log.length, 1);
  const text = JSON.stringify(log);
  t.false(text.includes('hunter2') || text.includes('ffff'));
});

test('thousands of addresses for hours make no more rows than the bounds say, and no refusal goes uncounted', async (t) => {
  const bounds = { strangers: { perHour: 20, inAll: 50 }, known: { perHour: 5, inAll: 100 } };
  const { written, refusals } = opened(1, false, bounds);
  let noted = 0;
  for (let hour = 0; hour < 8; hour += 1) {
    const at = new Date(Date.UTC(2026, 0, 1, hour)).toISOString();
    const before = written.length;
    for (let round = 0; round < 5; round += 1) {
      for (let n = 0; n < 3000; n += 1)
        refusals.note({ ...from(`10.${round}.${n >> 8}.${n & 255}`), at }, 'authenticate', 'x');
      noted += 3000;
      await new Promise((done) => setTimeout(done, 10)); // a window ends
    }
    t.true(written.length - before <= bounds.strangers.perHour, `hour ${hour}: ${written.length - before}`);
  }
  t.true(written.length <= bounds.strangers.inAll, String(written.length));
  const viewer: Actor = { kind: 'token', id: 't', role: 'viewer', at };
  refusals.note(viewer, 'POST /api/v1/machines', 'who is known has room of their own');
  await refusals.settled();
  t.is(written.filter(({ actor }) => actor.id === 't').length, 1);
  t.true(written.length <= bounds.strangers.inAll + 2, String(written.length));
  const total = written.reduce((sum, { count = 1 }) => sum + count, 0);
  t.is(total, noted + 1);
});
