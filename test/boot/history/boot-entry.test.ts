import test from 'ava';
import fc from 'fast-check';
import { type BootEntry, recorded } from '../../../src/boot/history/boot-entry.ts';
import {
  type BootRecord,
  keptDetail,
  longestDetail,
  mostStepBytes,
  mostSteps,
} from '../../../src/boot/history/boot-record.ts';
import { isRetry, retryWithinMs } from '../../../src/boot/history/which-boot.ts';
import { at, begunBy, bootEntry } from '../../records/examples.ts';

const nothing = { named: undefined, last: undefined };
const after = (boot: BootRecord | undefined, ...entries: BootEntry[]) =>
  entries.reduce<BootRecord | undefined>(
    (last, entry) => recorded(entry, { named: undefined, last }) ?? last,
    boot,
  );

test('a script begins a boot, and what comes then belongs to it', (t) => {
  const begins = bootEntry({ revision: 'r' });
  const kernel = bootEntry({ revision: 'r', stage: 'asset', detail: 'kernel' });
  const boot = after(begunBy(begins), kernel, bootEntry({ stage: 'up' }));
  t.deepEqual(
    boot?.steps.map(({ stage }) => stage),
    ['script', 'asset', 'up'],
  );
  t.is(boot?.id, begins.fresh);
});

test('what a loader fetches without a script, or of another revision of its own, begins one', (t) => {
  const kernel = bootEntry({ revision: 'r', stage: 'asset' });
  t.like(recorded(kernel, nothing), { id: kernel.fresh, revision: 'r' });
  const before = begunBy(bootEntry({ revision: 'before' }));
  t.like(recorded(kernel, { named: undefined, last: before }), { id: kernel.fresh, revision: 'r' });
});

test('a revision that was never this machine’s is not named, in whichever boot it was fetched', (t) => {
  const kernel = { ...bootEntry({ revision: 'foreign', stage: 'asset' }), owned: false };
  t.is(recorded(kernel, nothing)?.revision, undefined);
  const last = begunBy(bootEntry({ revision: 'own' }));
  t.like(recorded(kernel, { named: undefined, last }), { id: last.id, revision: 'own' });
});

test('what its script named is its own, also where a rule gave it', (t) => {
  const named = begunBy(bootEntry({ revision: 'ruled' }));
  const last = begunBy(bootEntry({ revision: 'newer' }));
  const initrd = { ...bootEntry({ boot: named.id, revision: 'ruled', stage: 'asset' }), owned: false };
  t.like(recorded(initrd, { named, last }), { id: named.id, revision: 'ruled' });
});

test('a report is one step of its boot, whatever it says; the last words count', (t) => {
  const reports = [1, 2, 3].map((n) => bootEntry({ stage: 'failed', detail: `try ${n}`, at: at(n) }));
  const boot = after(begunBy(bootEntry()), ...reports);
  t.deepEqual(boot?.steps.slice(1), [
    { stage: 'failed', source: '10.0.0.7', at: at(1), last_at: at(3), times: 3, detail: 'try 3' },
  ]);
});

test('whatever a machine does, its boot keeps 64 steps and 16 KiB, and counts the rest', (t) => {
  const step = fc.record({
    stage: fc.oneof(fc.constantFrom('asset', 'up'), fc.string({ minLength: 1, maxLength: 128 })),
    detail: fc.string({ maxLength: 700, unit: 'grapheme' }),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 150 }), (steps) => {
      const boot = after(begunBy(bootEntry()), ...steps.map((each) => bootEntry(each)));
      if (!boot) throw new Error('there is one');
      t.true(boot.steps.length <= mostSteps);
      t.true(Buffer.byteLength(JSON.stringify(boot.steps)) <= mostStepBytes);
      const counted = boot.steps.reduce((sum, { times = 1 }) => sum + times, 0);
      t.is(counted + (boot.left_out ?? 0), steps.filter(({ stage }) => stage !== 'script').length + 1);
    }),
    { numRuns: 50 },
  );
});

test('2 KiB are kept of what a machine says, whole characters', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 4000 }), (text) => {
      const kept = keptDetail(text);
      t.true(Buffer.byteLength(kept) <= longestDetail);
      t.true(text.startsWith(kept));
      t.true(kept === text || Buffer.byteLength(kept) > longestDetail - 4);
    }),
  );
  t.is(keptDetail('ü'.repeat(3000)), 'ü'.repeat(1024));
});

const start = Date.parse(at(0));
for (const { what, last, revision = 'r', ms = 1000, retry } of [
  { what: 'no boot before', last: undefined, retry: false },
  { what: 'a young one that only asked for its script', last: {}, retry: true },
  { what: 'one of almost five minutes', last: {}, ms: retryWithinMs - 1, retry: true },
  { what: 'one of five minutes', last: {}, ms: retryWithinMs, retry: false },
  { what: 'one of another revision', last: {}, revision: 'other', retry: false },
  { what: 'one that fetched something', last: { fetched: 'asset' }, retry: false },
  { what: 'one that reported something', last: { fetched: 'up' }, retry: false },
])
  test(`a script after ${what} is ${retry ? 'its retry' : 'a new boot'}`, (t) => {
    const begun = last && begunBy(bootEntry({ revision: 'r' }));
    const stage = last && 'fetched' in last ? last.fetched : undefined;
    const boot =
      begun && stage
        ? recorded(bootEntry({ stage, revision: 'r' }), { named: undefined, last: begun })
        : begun;
    t.is(isRetry(boot, { revision, at: new Date(start + ms) }), retry);
  });
