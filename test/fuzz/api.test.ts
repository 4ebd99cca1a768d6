import { randomInt } from 'node:crypto';
import test from 'ava';
import fc from 'fast-check';
import { agents, mac, startSite } from '../http/site.ts';
import { served } from '../support/description.ts';
import { ask } from '../support/http.ts';
import { requestsFor } from './requests.ts';

/** How long it goes on after every operation has been asked ten times; more finds more. */
const seconds = Number(process.env.BROKER_TEST_FUZZ_SECONDS ?? 20);
const seed = Number(process.env.BROKER_TEST_FUZZ_SEED ?? randomInt(2 ** 31));
const perRound = 5;

test('whatever is asked of the API, nothing fails, and every answer is one that is described', async (t) => {
  t.log(`BROKER_TEST_FUZZ_SEED=${seed}`);
  const site = await startSite();
  t.teardown(site.close);
  const token = site.parts.adminToken;
  const ids: unknown[] = [site.machine, site.revision, site.kernel.id, 'none'];
  const familiar: Readonly<Record<string, readonly unknown[]>> = {
    name: ['debian', 'ipxe', 'p', 'rack-1'],
    version: ['12', '1', '2'],
    mac: [mac, '52-54-00-00-00-07', '525400000008'],
    macs: [mac, '52:54:00:00:00:07', '5254.0000.0008', '52:54:00:00:00:09'],
    uuid: ['0a1b2c3d-0000-4000-8000-00000000000f'],
    networks: ['127.0.0.0/8', '10.0.0.0/8', 'fd00::/8'],
    kernel: ['debian@12', 'debian@13'],
    initrds: ['debian@12'],
    efi: ['ipxe@1'],
    iso: ['debian@12'],
    cmdline: ['console=ttyS0', 'quiet'],
    crc32c: ['AAAAAA=='],
    sha256: ['0'.repeat(64)],
    type: ['application/octet-stream', 'application/efi'],
    file: ['debian.img', 'none.img', 'start.js'],
    image: ['debian', 'debian:12:x86_64', site.kernel.id],
    stage: ['up', 'installed'],
    user_agent: Object.values(agents),
    source: ['10.0.0.1', '127.0.0.1', '::1'],
    Range: ['bytes=0-0', 'bytes=0-', 'bytes=-1', 'bytes=5-2', 'bytes=999999999-', 'bytes=1-2,4-5'],
    'if-match': ['"1"', '*', '"7"'],
  };
  const known = (name: string) =>
    /(^|_)id$|^(revision|machine|machine_id)$/.test(name) ? ids : (familiar[name] ?? []);

  const operations = served.flatMap(({ path, plane, item: { servers: _, ...item } }) =>
    Object.entries(item).map(([method, operation]) =>
      requestsFor({ path, plane, method, operation }, { known, token, agents: Object.values(agents) }),
    ),
  );
  const statuses = new Map<number, number>();
  const end = Date.now() + seconds * 1000;
  for (let round = 0; round < 2 || Date.now() < end; round++)
    for (const [n, requests] of operations.entries())
      for (const request of fc.sample(requests, { seed: seed + round * 1_000 + n, numRuns: perRound })) {
        const { plane, target, asking } = request;
        const answered = await ask(plane === 'boot' ? site.bootPort : site.adminPort, target, asking).catch(
          (error: Error) => {
            throw new Error(`${error.message}\n${shown(request)}`, { cause: error });
          },
        );
        if (answered.status >= 500) t.fail(`${answered.status} ${answered.text}\n${shown(request)}`);
        statuses.set(answered.status, (statuses.get(answered.status) ?? 0) + 1);
        if (answered.status === 201 && ids.length < 500) ids.push(answered.json.id);
      }
  t.log(
    [...statuses]
      .sort(([a], [b]) => a - b)
      .map(([status, count]) => `${status}: ${count}`)
      .join(', '),
  );
  for (const status of [200, 400, 404]) t.true(statuses.has(status), `no ${status}`);
  t.deepEqual(
    site.log.filter(({ level }) => level === 'error'),
    [],
  );
});

function shown(request: object): string {
  return `${JSON.stringify(request).slice(0, 4_000)}\nagain by BROKER_TEST_FUZZ_SEED=${seed}`;
}
