import test from 'ava';
import { LateSpan, mostNoted, type Noted } from '../../src/telemetry/traces/late-span.ts';
import { openScope } from '../../src/telemetry/traces/scope.ts';
import {
  mostNamed,
  mostSent,
  type ServedByStorage,
  StorageCallers,
} from '../../src/telemetry/traces/storage-spans.ts';

const boot = '0199aaaa-bbbb-7ccc-8ddd-eeeeffff0000';
const trace = boot.replaceAll('-', '');
const remote = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', sampled: true };
const read = { store: 'records', name: 'findMachine' } as const;

function scopeOf() {
  const late: Noted[] = [];
  const over = new Set<LateSpan>();
  const scope = openScope(
    (_, noted) => late.push(noted),
    (span) => over.has(span),
  );
  return { scope, late, over };
}

test('a span learns its trace late: that of its boot, else that of who asked, else its own', (t) => {
  const own = new LateSpan();
  t.regex(own.ref.traceId, /^[0-9a-f]{32}$/);
  t.is(own.parent, undefined);
  const asked = new LateSpan();
  asked.remote = remote;
  t.is(asked.ref.traceId, remote.traceId);
  t.deepEqual(asked.parent, remote);
  asked.belongsTo(boot, false);
  t.is(asked.ref.traceId, trace);
  t.deepEqual(asked.parent, { traceId: trace, spanId: trace.slice(16), sampled: undefined });
  t.deepEqual(asked.allLinks, [remote]);
  asked.remoteFollows = true;
  t.deepEqual(asked.parent, { ...remote, traceId: trace });
  t.deepEqual(asked.allLinks, []);
});

test('an id that can be no trace leaves a span where it was', (t) => {
  for (const none of [
    `${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}`,
    '0199aaaa-bbbb-7ccc-0000-000000000000',
  ]) {
    const span = new LateSpan();
    const { traceId } = span.ref;
    span.belongsTo(none, true);
    t.is(span.ref.traceId, traceId);
    t.is(span.boot, undefined);
  }
});

test('what is done for a span is noted in it, in whatever order it ends, and a fault as a fault', async (t) => {
  const { scope } = scopeOf();
  const [one, two] = [new LateSpan(), new LateSpan()];
  const gate = Promise.withResolvers<string>();
  const first = scope.run(one, () => scope.watch(read, () => gate.promise));
  await t.throwsAsync(
    scope.run(two, async () =>
      scope.watch({ store: 'signer', name: 'sign' }, () => Promise.reject(new Error('no'))),
    ),
    { message: 'no' },
  );
  t.throws(() => scope.run(two, () => scope.watch(read, () => thrown())), { message: 'at once' });
  t.is(
    scope.watch(read, () => 7),
    7,
    'outside of all spans nothing is noted',
  );
  gate.resolve('found');
  t.is(await first, 'found');
  t.deepEqual(
    one.noted.map(({ name, error }) => [name, error]),
    [['findMachine', undefined]],
  );
  t.deepEqual(
    two.noted.map(({ error }) => String(error)),
    ['Error: no', 'Error: at once'],
  );
  for (const { startedAt, endedAt } of [...one.noted, ...two.noted]) t.true(startedAt <= endedAt);
});

function thrown(): number {
  throw new Error('at once');
}

test('one span notes so many operations and counts the rest; what ends after it is told of by itself', async (t) => {
  const { scope, late, over } = scopeOf();
  const span = new LateSpan();
  scope.run(span, () => {
    for (let n = 0; n < mostNoted + 5; n++) scope.watch(read, () => n);
  });
  t.is(span.noted.length, mostNoted);
  t.is(span.leftOut, 5);
  const gate = Promise.withResolvers<void>();
  const going = scope.run(span, () => scope.watch(read, () => gate.promise));
  over.add(span);
  gate.resolve();
  await going;
  t.is(late.length, 1);
});

test('whoever is asked for a span is told the operation that asks', (t) => {
  const { scope } = scopeOf();
  const span = new LateSpan();
  t.is(scope.traceparent(), undefined);
  const { traceId, spanId } = span.ref;
  scope.run(span, () => {
    t.is(scope.traceparent(), `00-${traceId}-${spanId}-01`);
    const told = scope.watch(read, () => scope.traceparent());
    t.is(told, `00-${traceId}-${span.noted[0]?.spanId}-01`);
  });
});

const served = (more: Partial<ServedByStorage>): ServedByStorage => ({
  ...{ traceparent: '', method: 'GET', path: '/b/o', status: 200, bytes: 1, complete: true },
  ...{ address: '10.0.0.1', startedAt: 1_000, endedAt: 1_001 },
  ...more,
});

test('a request to the storage belongs to a span that was named there, for five minutes', (t) => {
  const callers = new StorageCallers();
  const traceparent = `00-${remote.traceId}-${remote.spanId}-01`;
  t.is(callers.of(served({ traceparent })), undefined);
  callers.named(traceparent, 1_000);
  t.deepEqual(callers.of(served({ traceparent })), { span: remote, inferred: false });
  t.is(callers.of(served({ traceparent, startedAt: 301_001 })), undefined);
  t.is(callers.of(served({ traceparent: `00-${remote.traceId}-${'1'.repeat(16)}-01` })), undefined);
});

test('or it is inferred, where one client alone was sent there from that address', (t) => {
  const callers = new StorageCallers();
  callers.sent('/b/o', '10.0.0.1', '192.168.7.1', remote, 1_000);
  t.deepEqual(callers.of(served({})), { span: remote, inferred: true });
  t.true(callers.of(served({ address: '::ffff:192.168.7.1' }))?.inferred);
  t.is(callers.of(served({ path: '/b/other' })), undefined);
  t.is(callers.of(served({ address: '10.0.0.2' })), undefined);
  t.is(callers.of(served({ startedAt: 301_001 })), undefined);
  callers.sent('/b/o', '10.0.0.2', '192.168.7.1', remote, 1_000);
  t.is(
    callers.of(served({ address: '192.168.7.1' })),
    undefined,
    'two came by one address: it could be either',
  );
  t.truthy(callers.of(served({ address: '10.0.0.2' })));
});

test('what is remembered of them is bounded', (t) => {
  const callers = new StorageCallers();
  const parent = (n: number) => `00-${n.toString(16).padStart(32, '0')}-${'1'.repeat(16)}-01`;
  for (let n = 1; n <= mostNamed + 1; n++) {
    callers.named(parent(n), 1_000);
    callers.sent(`/b/${n}`, '10.0.0.1', '10.0.0.1', remote, 1_000);
  }
  t.is(callers.of(served({ traceparent: parent(1) })), undefined);
  t.truthy(callers.of(served({ traceparent: parent(2) })));
  t.is(callers.of(served({ path: '/b/1' })), undefined);
  t.truthy(callers.of(served({ path: '/b/2' })));
  for (let n = 0; n < mostSent; n++) callers.sent('/b/2', '10.0.0.9', '10.0.0.1', remote, 1_000);
  t.truthy(callers.of(served({ path: '/b/2' })), 'the first one is forgotten, and one client is left');
});
