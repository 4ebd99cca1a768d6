import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { argumentsOf } from './arguments.ts';
import { adrCase } from './cost/adr.ts';
import { bills } from './cost/cost.ts';
import { redirecting, streaming } from './cost/designs.ts';
import { activeSeconds, type BootCounts, costOf, egress } from './cost/model.ts';
import { secondsAMonth } from './cost/prices.ts';
import { addToHistory, compared, figuresIn, readHistory } from './history.ts';
import { generate } from './load/generator.ts';
import { metricsIn } from './metrics.ts';
import { quantile } from './statistics.ts';

test('parts are named, and what is not one is told', (t) => {
  const usual = ['rates', 'storm'];
  const parts = { usual, all: ['rates', 'cost', 'storm'] };
  t.like(argumentsOf([], parts), { kind: 'wanted', parts: usual, all: false, record: false, against: false });
  t.like(argumentsOf(['storm', '--all', '--against'], parts), { parts: ['storm'], all: true, against: true });
  t.like(argumentsOf(['--all'], parts), { parts: parts.all, all: true });
  t.like(argumentsOf(['cost'], parts), { parts: ['cost'], all: false });
  t.deepEqual(argumentsOf(['--help'], parts), { kind: 'help' });
  t.deepEqual(argumentsOf(['rate'], parts), {
    kind: 'mistake',
    message: 'There is no part rate. There are: rates, cost, storm.',
  });
  t.like(argumentsOf(['--al'], parts), { kind: 'mistake', message: 'There is no --al. Ask for --help.' });
});

test('a wrong part, and a program that is missing, are exit code 2 and say what there is', async (t) => {
  const run = (words: string[], env: NodeJS.ProcessEnv) =>
    promisify(execFile)(process.execPath, [join(import.meta.dirname, 'main.ts'), ...words], { env }).catch(
      ({ code, stderr }) => ({ code, stderr: String(stderr) }),
    );
  t.like(await run(['rate'], process.env), {
    code: 2,
    stderr: 'There is no part rate. There are: rates, streams, first-byte, start, cost, seeds, storm.\n',
  });
  // What the machine has in /usr/sbin is found without a PATH, too.
  const lacking = await run(['rates'], { PATH: '/nowhere' });
  t.like(lacking, { code: 2 });
  t.regex(lacking.stderr, /^The benchmark needs wrk .*On Debian: apt-get install wrk /);
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
    commit: 'abc',
    node: 'v26',
    load: [1],
    figures: figuresIn({ rates: { redirect: { rate: 100 + n, says: 'text' } } }),
  });
  for (let n = 0; n < 60; n += 1) addToHistory(file, run(n));
  const runs = readHistory(file);
  t.is(runs.length, 20);
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

test('a server that ends its connections ends the measurement', async (t) => {
  const options = await stalling(t);
  const server = createServer((request) => request.socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  await t.throwsAsync(generate({ ...options, port, connections: 2, rate: 10 }), {
    message: /closed a connection|ECONNRESET/,
  });
});

test('metrics are summed over what has the labels', (t) => {
  const page = metricsIn(
    '# HELP a_total x\na_total{b="1",c="x"} 2\na_total{b="1",c="y"} 3\na_total{b="2",c="x"} 4\na_total_more 5\nd 6\n',
  );
  t.is(page.sum('a_total'), 9);
  t.is(page.sum('a_total', { b: '1' }), 5);
  t.is(page.sum('a_total', { b: '1', c: 'y' }), 3);
  t.is(page.sum('d'), 6);
  t.is(page.sum('gone'), 0);
});

const counts: BootCounts = { requests: 6, documentsRead: 10, documentsWritten: 5, objectReads: 3 };

test("the ADR's own case stands row by row beside what the prices say", (t) => {
  const { 'cloud run': run, vm } = adrCase(counts);
  t.deepEqual(
    Object.values(run).map(({ adr }) => adr),
    [3.5, 1, 0.5, 0.18, 5.18],
  );
  t.deepEqual(
    Object.values(vm).map(({ adr }) => adr),
    [6.5, 1, 0.5, 0.18, 8.18],
  );
  // By hand: 2,628,000 s of one idle CPU (6.57) and of half a GiB (3.285), of which six seconds are work; and 0.00838 $ for 730 hours, 10 GB.
  t.deepEqual(
    Object.values(run).map(({ ours }) => ours),
    [9.85, 1, 0, 0.18, 11.03],
  );
  t.deepEqual(
    Object.values(vm).map(({ ours }) => ours),
    [6.52, 1, 0, 0.18, 7.7],
  );
});

test('what is free is free once, and egress gets cheaper by its steps', (t) => {
  t.is(costOf(100, { usd: 2, per: 'x', free: 150, source: '' }), 0);
  t.is(costOf(200, { usd: 2, per: 'x', free: 150, source: '' }), 100);
  t.is(egress(0), 0);
  t.is(egress(1024).toFixed(2), '122.88');
  t.is(egress(10_240).toFixed(2), '1136.64', '9216 GB at 0.11');
  t.is(egress(20_240).toFixed(2), '1936.64', '10,000 more at 0.08');
});

test('an instance is busy for as long as anything is under way', (t) => {
  t.is(activeSeconds(0, 10, 10), 0);
  t.is(Math.round(activeSeconds(10, 12, 10)), 120, 'few never meet');
  const always = secondsAMonth / 12;
  t.true(activeSeconds(5 * always, 12, 10) < secondsAMonth);
  t.true(activeSeconds(5 * always, 12, 10) > 0.99 * secondsAMonth, 'of five there is nearly always one');
  t.is(activeSeconds(20 * always, 12, 10), 2 * secondsAMonth, 'twenty need two instances');
});

test('a month of boots is the sum of its rows', (t) => {
  const boots = 1e6;
  const bill = redirecting({ boots, gigabytesEach: 0.15, storedGb: 50, distinctGb: 4 }, counts);
  t.is(bill['image GETs']?.toFixed(2), '1.20');
  // 10 M reads less 1.52 M, 5 M writes less 0.61 M, 1 M deletes.
  t.is(bill.firestore?.toFixed(2), (2.54375 + 3.9525 + 0.1).toFixed(2));
  t.is(bill['images stored'], 1);
  t.is(bill.address?.toFixed(2), '3.65');
  const streamed = streaming({ boots, gigabytesEach: 0.15, storedGb: 50, distinctGb: 4 });
  t.true(
    (streamed['cloud run'] ?? 0) > (bill['cloud run'] ?? 0),
    'instances are busy for as long as somebody reads',
  );
  t.is(streamed.egress, bill.egress);
  const table = bills(20, counts)['ours, redirected'] ?? {};
  const { total: sum = 0, ...rows } = table;
  t.true(Math.abs(Object.values(rows).reduce((left, right) => left + right, 0) - sum) < 0.05);
});
