import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { argumentsOf } from './arguments.ts';
import {
  estimated,
  firstEstimate,
  firstEstimateOnVm,
  monthly,
  type PerBoot,
  streaming,
} from './cost/cost.ts';
import { addToHistory, compared, figuresIn, readHistory } from './history.ts';
import { generate } from './load/generator.ts';
import { quantile } from './statistics.ts';

test('parts are named, and what is not one is told', (t) => {
  const parts = ['rates', 'storm'];
  t.like(argumentsOf([], parts), { kind: 'wanted', parts, all: false, record: false, against: false });
  t.like(argumentsOf(['storm', '--all', '--against'], parts), { parts: ['storm'], all: true, against: true });
  t.deepEqual(argumentsOf(['--help'], parts), { kind: 'help' });
  t.deepEqual(argumentsOf(['rate'], parts), {
    kind: 'mistake',
    message: 'There is no part rate. There are: rates, storm.',
  });
  t.like(argumentsOf(['--al'], parts), { kind: 'mistake', message: 'There is no --al. Ask for --help.' });
});

test('a quantile is the value below which that share lies', (t) => {
  const values = Array.from({ length: 100 }, (_, n) => 100 - n);
  t.is(quantile(values, 0.5), 50);
  t.is(quantile(values, 0.99), 99);
  t.is(quantile([7], 0.99), 7);
});

test('the history keeps the newest runs, and compares what both of two have', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bootbroker-bench-test-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'bench.json');
  t.deepEqual(readHistory(file), []);
  const run = (n: number) => ({
    at: `2026-01-01T00:00:${String(n).padStart(2, '0')}Z`,
    node: 'v26',
    load: [1],
    figures: figuresIn({ rates: { redirect: { rate: 100 + n, says: 'text' } } }),
  });
  for (let n = 0; n < 60; n += 1) addToHistory(file, run(n));
  const runs = readHistory(file);
  t.is(runs.length, 50);
  t.deepEqual(runs.at(-1), run(59));
  t.true((await readFile(file, 'utf8')).endsWith('\n'));
  t.deepEqual(compared({ ...run(0), figures: { 'rates / redirect / rate': 100, gone: 1 } }, run(50)), {
    'rates / redirect / rate': { before: 100, now: 150, percent: 50 },
  });
});

/** A server that stands still for the first second in which it is asked, and takes `lanes` requests at once before that. */
async function stalling(t: { teardown: (end: () => void) => void }) {
  let until = 0;
  const server = createServer((_, response) => {
    until ||= performance.now() + 1000;
    setTimeout(() => response.end('x'), Math.max(0, until - performance.now()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const folder = await mkdtemp(join(tmpdir(), 'bootbroker-bench-test-'));
  t.teardown(() => void rm(folder, { recursive: true, force: true }));
  const targets = join(folder, 'targets');
  await writeFile(targets, '/\n');
  const { port } = server.address() as AddressInfo;
  return { port, targets, method: 'GET', userAgent: 'x', status: 200, seconds: 2 };
}

test('at a fixed rate whoever was due while a server stood still has waited, though no connection was free', async (t) => {
  const options = await stalling(t);
  const open = await generate({ ...options, connections: 2, rate: 100 });
  t.is(open.requests, 200);
  t.is(open.wrong, 0);
  // Half of them were due in that second, and waited half of it in the mean.
  t.true(open.latencies.filter((ms) => ms > 250).length > 60);
});

test('where everybody waits for an answer, a server that stands still is asked no more', async (t) => {
  const options = await stalling(t);
  const closed = await generate({ ...options, connections: 2, rate: 0 });
  t.true(closed.latencies.filter((ms) => ms > 900).length >= 2);
  t.is((await generate({ ...options, connections: 1, rate: 0, seconds: 0.1, status: 302 })).wrong > 0, true);
});

const each: PerBoot = {
  requests: 6,
  firestoreReads: 10,
  firestoreWrites: 5,
  objectReads: 2,
  cpuMs: 10,
  imageMb: 150,
};
const nothing = { minInstances: 0, vcpus: 1, gib: 0.5, storedGb: 0, gateway: false };

test('a month costs what its boots make and what stands there', (t) => {
  const bill = monthly(1_000_000, each, nothing);
  t.is(bill.requests, 2.4);
  t.is(bill['Firestore reads'], 3);
  t.is(bill['Firestore writes'], 4.5);
  t.is(bill['objects read'], 0.8);
  t.is(bill.egress, 18_000);
  t.is(bill['instances at work'], 0.76);
  t.is(bill['VM and address'], 0);
  const standing = monthly(0, each, { ...nothing, minInstances: 1, storedGb: 50, gateway: true });
  t.deepEqual(
    [standing['instances that wait'], standing['stored images'], standing['VM and address'], standing.total],
    [9.86, 1, 9.76, 20.62],
  );
  const streamed = streaming(1_000_000, { ...each, mbPerSecond: 15 }, nothing);
  t.is(streamed['instances at work'], 253.26, 'ten seconds more of an instance for each');
});

test('the first estimate stands row by row beside what it comes to', (t) => {
  for (const { total, ...rows } of [firstEstimate, firstEstimateOnVm]) {
    const cents = Object.values(rows).map((dollars: number) => Math.round(dollars * 100));
    t.is(
      cents.reduce((sum, row) => sum + row, 0),
      Math.round(total * 100),
    );
  }
  const table = estimated(each);
  t.is(table.egress?.now, 0.18);
  t.is(table['Cloud Storage']?.now, 1);
  t.is(table['Cloud Run']?.now, 9.86);
});
