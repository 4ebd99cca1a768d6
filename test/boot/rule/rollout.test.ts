import test from 'ava';
import fc from 'fast-check';
import { activated } from '../../../src/boot/activation.ts';
import { earlierRevision } from '../../../src/boot/earlier-revision.ts';
import {
  halted,
  haltReason,
  handedOut,
  placeInRollout,
  promoted,
  reaches,
  reportWithinMs,
  signOf,
  withRevision,
} from '../../../src/boot/rule/rollout.ts';
import { machine, rule } from '../examples.ts';

const at = '2026-02-01T00:00:00.000Z';
const rollout = { revision: 'rev-2', percent: 10, started_at: at };

test('a machine keeps its place in a roll-out, and a larger share takes nobody back', (t) => {
  fc.assert(
    fc.property(
      fc.uuid(),
      fc.uuid(),
      fc.integer({ min: 1, max: 100 }),
      fc.integer({ min: 1, max: 100 }),
      (id, revision, a, b) => {
        const [less, more] = [Math.min(a, b), Math.max(a, b)];
        const reached = (percent: number) => reaches({ revision, percent, started_at: at }, id);
        t.is(placeInRollout(id, revision), placeInRollout(id, revision));
        if (reached(less)) t.true(reached(more));
        t.true(reached(100));
        t.false(reached(0));
      },
    ),
  );
});

test('a roll-out reaches about the share of machines that it says, and another revision others', (t) => {
  const ids = Array.from(
    { length: 20_000 },
    (_, n) => `0197aaaa-0000-7000-8000-${n.toString(16).padStart(12, '0')}`,
  );
  for (const percent of [1, 10, 50, 90]) {
    const reached = ids.filter((id) => reaches({ revision: 'a', percent, started_at: at }, id));
    t.true(Math.abs(reached.length / ids.length - percent / 100) < 0.015, `${percent}: ${reached.length}`);
    const both = reached.filter((id) => reaches({ revision: 'b', percent, started_at: at }, id));
    t.true(Math.abs(both.length / reached.length - percent / 100) < 0.1, `${percent}: ${both.length}`);
  }
});

test('a rule hands out its new revision to its share only, and to nobody once that is halted', (t) => {
  const one = rule({ rollout });
  const machines = Array.from({ length: 200 }, (_, n) => `machine-${n}`);
  const revisions = machines.map((id) => handedOut(one, id)?.revision);
  t.deepEqual(
    revisions,
    machines.map((id) => (reaches(rollout, id) ? 'rev-2' : 'rev-1')),
  );
  t.deepEqual([...new Set(revisions)].sort(), ['rev-1', 'rev-2']);
  const stopped = halted(one, rollout, 'they fell silent', at);
  t.is(stopped.version, 2);
  for (const id of machines) {
    const given = handedOut(stopped, id);
    t.is(given?.revision, 'rev-1');
    t.regex(given?.reason ?? '', /halted \(they fell silent\)/);
  }
});

test('a new revision goes to all at once, or first to a share; the first of all goes to all', (t) => {
  t.like(withRevision(rule(), 'rev-2', at), { active: 'rev-2', rollout: undefined, version: 2 });
  const staged = withRevision(rule({ percent: 10 }), 'rev-2', at);
  t.like(staged, { active: 'rev-1', rollout, version: 2 });
  t.is(staged.history.length, 1);
  const { active: _, ...none } = rule({ percent: 10, history: [] });
  t.like(withRevision(none, 'rev-1', at), { active: 'rev-1', rollout: undefined });
  t.like(withRevision(staged, 'rev-3', at), { rollout: { revision: 'rev-3', percent: 10 }, version: 3 });
  t.like(withRevision(staged, 'rev-1', at), { active: 'rev-1', rollout: undefined });
});

test('a roll-out goes on step by step, and what halted it is forgotten', (t) => {
  const stopped = halted(rule({ rollout }), rollout, 'x', at);
  const more = promoted(stopped, rollout, 50, '2026-02-02T00:00:00.000Z');
  t.deepEqual(more.rollout, { revision: 'rev-2', percent: 50, started_at: '2026-02-02T00:00:00.000Z' });
  const done = promoted(more, rollout, 100, at);
  t.like(done, { active: 'rev-2', rollout: undefined });
  t.deepEqual(
    done.history.map(({ revision }) => revision),
    ['rev-1', 'rev-2'],
  );
});

test('going back again and again goes further back, and never in a circle', (t) => {
  let one = machine();
  for (const revision of ['A', 'B', 'C']) one = activated(one, revision, at);
  const seen = [];
  for (let back = earlierRevision(one); back; back = earlierRevision(one)) {
    seen.push(back);
    one = activated(one, back, at);
  }
  t.deepEqual(seen, ['B', 'A']);
  one = activated(one, 'D', at);
  t.is(earlierRevision(one), 'A');
  t.is(earlierRevision(machine()), undefined);
  t.is(earlierRevision({ ...one, active: 'unheard of' }), undefined);
  fc.assert(
    fc.property(fc.array(fc.constantFrom('A', 'B', 'C', 'D'), { maxLength: 120 }), (moves) => {
      let moved = machine();
      for (const revision of moves) moved = activated(moved, revision, at);
      let steps = 0;
      for (let back = earlierRevision(moved); back; back = earlierRevision(moved)) {
        t.not(back, moved.active);
        moved = activated(moved, back, at);
        steps += 1;
      }
      t.true(steps < 4);
    }),
  );
});

const later = (ms: number) => new Date(Date.parse(at) + ms);
const iso = (ms: number) => later(ms).toISOString();

test('a machine is missed when it came up before and does not after it got the new revision', (t) => {
  const sign = (seen: Partial<Record<'given' | 'asked' | 'up', number>>, now: number) => {
    const { given, asked = given, up } = seen;
    const times = {
      ...(given !== undefined && { given_at: iso(given) }),
      ...(asked !== undefined && { asked_at: iso(asked) }),
      ...(up !== undefined && { up_at: iso(up) }),
    };
    return signOf(times, rollout, later(now));
  };
  t.is(sign({}, 1e9), 'no word');
  t.is(sign({ given: 10 }, 1e9), 'no word', 'it never reports');
  t.is(sign({ up: -10 }, 1e9), 'no word', 'it has not asked yet');
  t.is(sign({ given: 10, up: 20 }, 30), 'well');
  t.is(sign({ given: 10, up: -10 }, reportWithinMs + 10), 'pending');
  t.is(sign({ given: 10, up: -10 }, reportWithinMs + 11), 'silent');
  t.is(
    sign({ given: 10, asked: reportWithinMs, up: -10 }, reportWithinMs + 11),
    'silent',
    'it asks again and again',
  );
  t.is(sign({ given: -1000, up: -900 }, 1e9), 'well', 'it came up in an earlier stage');
  t.is(
    sign({ given: -1000, up: -1001 }, 1e9),
    'no word',
    'it fell silent in an earlier stage, and has not asked since',
  );
  t.is(sign({ given: -1000, asked: 1, up: -1001 }, reportWithinMs), 'pending', 'a new stage is a new chance');
});

test('a roll-out halts when more than a fifth of the machines whose outcome is known fell silent', (t) => {
  t.is(haltReason([]), undefined);
  t.is(haltReason(['no word', 'pending', 'well']), undefined);
  t.is(haltReason(['silent', 'well', 'well', 'well', 'well']), undefined);
  t.is(
    haltReason(['silent', 'well', 'well', 'well', 'pending', 'no word']),
    '1 of 4 machines did not report up within 20 minutes of getting it',
  );
  t.regex(haltReason(['silent']) ?? '', /^1 of 1 /);
});
