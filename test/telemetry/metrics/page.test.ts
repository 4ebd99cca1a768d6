import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { openMetrics } from '../../../src/telemetry/metrics.ts';
import { addMachine, addProfile, askAdmin, push } from '../../support/broker.ts';
import { startChild } from '../../support/child.ts';
import { ask, until } from '../../support/http.ts';
import { readMetrics, sumOf } from '../../support/metrics-page.ts';
import { command, needing } from '../../support/needs.ts';

const test = needing();
const document = join(import.meta.dirname, '../../../docs/operate/metrics.md');
const token = 'the-admin-token-of-this-test';
const mac = '52:54:00:aa:bb:01';

/** A broker of its own process that has booted a machine by all plans of its own, and what its metrics say. */
async function afterSomeBoots(t: ExecutionContext): Promise<string> {
  const child = await startChild(t, { env: { BROKER_ADMIN_TOKEN: token, BROKER_ROLES: 'boot,admin' } });
  const { boot, admin } = await child.ready;
  const broker = { admin: (target: string, json?: unknown) => askAdmin(admin, token, target, json) };
  await push(broker, { kind: 'kernel', name: 'debian', bytes: Buffer.alloc(300_000) });
  const { id: machine } = await addMachine(broker, { macs: [mac] });
  const { id } = await addProfile(broker, { name: 'debian', machine_id: machine, kernel: 'debian@1' });
  const kernel = `/asset/${id}/kernel?machine=${machine}`;
  for (const [target, userAgent] of [
    [`/boot.ipxe?mac=${mac}`, 'iPXE/2.0.0'],
    ['/boot.ipxe?mac=52:54:00:aa:bb:02', 'iPXE/2.0.0'],
    [kernel, 'iPXE/2.0.0'],
    [kernel, 'iPXE/2.0.0'],
    [kernel, 'GRUB 2.06'],
    [`/report/up?mac=${mac}`, 'curl/8.0'],
  ] as const)
    await ask(boot, target, { userAgent });
  let text = '';
  await until(async () => {
    ({ text } = await ask(boot, '/metrics'));
    return sumOf(text, 'bootbroker_requests_total', { plane: 'boot' }) >= 7; // the first page itself, too
  });
  return text;
}

/** The rows of the document's table. */
function documented() {
  const [, table = ''] = readFileSync(document, 'utf8').split(/<!-- \/?metrics -->\n/);
  return table
    .trim()
    .split('\n')
    .slice(2)
    .map((row) => {
      const [, name = '', type = '', labels = '', help = ''] = row.split(/ ?\| ?/);
      const names = [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label);
      return { name: name.replaceAll('`', ''), type, labels: names, help };
    });
}

test('the table in the documents has every metric of the server, and no other, with type, labels and meaning', async (t) => {
  const page = readMetrics(await afterSomeBoots(t));
  const rows = documented();
  const named = ({ name, type, help }: { name: string; type: string; help: string }) => ({
    name,
    type,
    help,
  });
  t.deepEqual(rows.map(named), page.map(named));
  const metrics = openMetrics();
  await metrics.text();
  const declared = metrics.registry.getMetricsAsArray() as unknown as {
    name: string;
    labelNames: string[];
  }[];
  t.deepEqual(
    rows.map(({ name, labels }) => [name, labels]),
    declared.map(({ name, labelNames }) => [name, labelNames]),
  );
  for (const { name, samples } of page) {
    const labels = rows.find((row) => row.name === name)?.labels ?? [];
    for (const sample of samples) t.deepEqual(Object.keys(sample.labels).sort(), [...labels].sort(), name);
  }
});

test('what a boot costs is counted: requests, bytes, decisions, events, stores', async (t) => {
  const page = await afterSomeBoots(t);
  const sum = (name: string, labels = {}) => sumOf(page, `bootbroker_${name}`, labels);
  t.is(sum('decisions_total', { plan: 'text', reason: 'machine' }), 1);
  t.is(sum('decisions_total', { plan: 'redirect', reason: 'follows-redirects' }), 2);
  t.is(sum('decisions_total', { plan: 'stream', reason: 'no-redirects' }), 1);
  t.is(sum('refusals_total', { plane: 'boot', problem: 'unknown-machine' }), 1);
  t.is(sum('inferred_bytes_total', { plan: 'redirect' }), 600_000);
  t.is(sum('response_bytes_total', { plan: 'stream', status_class: '2xx' }), 300_000);
  t.is(sum('boot_events_total', { stage: 'script', outcome: 'written' }), 1);
  t.is(sum('boot_events_total', { stage: 'asset', outcome: 'written' }), 3);
  t.true(sum('signed_url_cache_reads_total', { result: 'hit' }) >= 1);
  t.true(sum('signed_url_cache_reads_total', { result: 'miss' }) >= 2);
  t.true(sum('records_cache_reads_total', { read: 'profile', result: 'hit' }) >= 1);
  t.true(sum('records_cache_reads_total', { read: 'profile', result: 'miss' }) >= 1);
  t.true(sum('records_commit_writes') > 0);
  t.is(sum('boot_events_total', { stage: 'up', outcome: 'written' }), 1);
  t.is(sum('boot_events_total', { outcome: 'lost' }), 0);
  t.is(sum('uploads_total', { state: 'open' }), 1);
  t.is(sum('uploads_total', { state: 'done' }), 1);
  for (const [store, operation] of [
    ['records', 'findMachine'],
    ['records', 'addBootEntry'],
    ['signer', 'sign'],
    ['storage', 'follow'],
    ['storage', 'stat'],
  ])
    t.true(sum('operation_duration_seconds', { store, operation, outcome: 'ok' }) > 0, operation);
  for (const disk of ['records', 'storage'])
    t.true(sum('disk_free_bytes', { disk }) < sum('disk_size_bytes', { disk }), disk);
  t.is(sum('build_info'), 1);
});

const withPromtool = needing(command('promtool'));

withPromtool("promtool finds nothing to say against the page's names, types and units", async (t) => {
  const input = await afterSomeBoots(t);
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' });
  t.deepEqual([stdout + stderr, status], ['', 0]);
});
