import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import type { BootRecord } from '../src/boot/history/boot-record.ts';
import { ended, installed } from './cli/process.ts';
import { stepsOf } from './support/boots.ts';
import { askAdmin, expectStatus, sha256 } from './support/broker.ts';
import { startChild, temporaryFolder } from './support/child.ts';
import { ask } from './support/http.ts';

const made = fileURLToPath(new URL('fixtures/data-0.1.0', import.meta.url));
const ipxe = { userAgent: 'iPXE/1.21.1' };

/** This version's broker on a copy of what 0.1.0 left, as an upgrade finds it. */
async function upgraded(t: ExecutionContext) {
  const folder = await temporaryFolder(t);
  await cp(made, join(folder, 'data'), { recursive: true });
  const child = await startChild(t, { folder });
  const { boot, admin } = await child.ready;
  const token = (await readFile(join(folder, 'data', 'admin-token'), 'utf8')).trim();
  return {
    token,
    adminPort: admin,
    script: async (identity: string) => ask(boot, `/boot.ipxe?${identity}`, ipxe),
    fetch: (path: string) =>
      fetch(`http://127.0.0.1:${boot}${path}`, { headers: { 'User-Agent': ipxe.userAgent } }),
    list: async (path: string) =>
      expectStatus(await askAdmin(admin, token, `/api/v1/${path}`), 200).json.items as Record<
        string,
        unknown
      >[],
  };
}

test('machines of 0.1.0 boot what they booted', async (t) => {
  const { script, fetch } = await upgraded(t);
  const booted: readonly (readonly [identity: string, what: RegExp])[] = [
    ['mac=52-54-00-00-00-01', /boots own, .*\n.* console=ttyS0 name=own rack=r1 \|\|/s],
    ['mac=52-54-00-00-00-11', /boots own, /],
    ['uuid=11111111-2222-4333-8444-555555555501', /boots own, /],
    ['uuid=11111111-2222-4333-8444-555555555502', /boots rack, .* rack=r1 \|\|/s],
    ['mac=52-54-00-00-00-05', /boots arm, /],
    ['mac=52-54-00-00-00-08', /boots rack, .* rack=r1 \|\|/s],
    ['mac=52-54-00-00-00-09', /boots filed, /],
    ['mac=52-54-00-00-01-01&arch=x86_64', /boots edge, .* edge 2 \|\|/s],
    ['mac=52-54-00-00-01-02&arch=x86_64', /boots edge, .* edge 1 \|\|/s],
  ];
  for (const [identity, what] of booted) {
    const { status, text } = await script(identity);
    t.is(status, 200, identity);
    t.regex(text, what, identity);
  }
  for (const [identity, status] of [
    ['mac=52-54-00-00-00-04', 403],
    ['mac=52-54-00-00-00-06', 404],
    ['serial=SN-0003', 404],
  ] as const)
    t.is((await script(identity)).status, status, identity);

  const { text } = await script('mac=52-54-00-00-00-01');
  const [, kernel = ''] = /^kernel .*?(\/asset\/\S+)/m.exec(text) ?? [];
  const response = await fetch(kernel);
  t.true(response.redirected);
  t.is(
    sha256(new Uint8Array(await response.arrayBuffer())),
    'b232433a89456cfa7f4228e3e297df85ba4180b040731b7035801288c2b9b7e6',
  );
});

test('what 0.1.0 kept is all there, and its audit log verifies', async (t) => {
  const { adminPort, token, list } = await upgraded(t);
  const count = async (path: string) => (await list(`${path}?limit=1000`)).length;
  t.is(await count('machines'), 16);
  t.is(await count('profiles'), 11);
  t.is(await count('rules'), 3);
  t.is(await count('assets'), 15);
  t.is(await count('uploads'), 15);
  t.is(await count('tokens'), 2);
  t.is(await count('machines/pending'), 1);
  const [own] = await list('machines?mac=52:54:00:00:00:01');
  const reports = stepsOf((await list(`boots?machine=${own?.id}`)) as unknown as BootRecord[]);
  t.deepEqual(
    reports.map(({ stage }) => stage),
    ['script', 'asset', 'up', 'installed'],
  );
  const { start } = await installed(t);
  const env = { BROKER_URL: `http://127.0.0.1:${adminPort}`, BROKER_TOKEN: token };
  // The last event that 0.1.0 wrote, as its own `audit verify` printed it.
  const head = '89:45637e401d945fc15f80643e5096e5760d129836c9cb6599432705a7bc0d9f7f';
  const { code, stderr } = await ended(start(['audit', 'verify', '--head', head], env));
  t.is(code, 0, stderr);
});
