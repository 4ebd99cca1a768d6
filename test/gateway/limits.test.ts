import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { until } from '../support/http.ts';
import { command, needing } from '../support/needs.ts';
import { bytesOf, fakeFor, handoff } from './fakes.ts';
import { gatewayFor, tunnelOf } from './gateway.ts';
import { start } from './vouched.ts';

const test = needing(command('nginx'));
const kernel = '/asset/0199aaaa-bbbb-7ccc-8ddd-eeeeffff0000/kernel';
const times = (count: number) => Array.from({ length: count }, (_, n) => n);
const slow = { requests_per_second: 1, connections: 100, edge_factor: 50 };

test('what comes faster than the rate waits, and is answered', async (t) => {
  const { broker, gateway } = await start(t, { limits: { requests_per_second: 20, connections: 100 } });
  const answers = await Promise.all(times(35).map(() => gateway.ask('/boot.ipxe')));
  t.true(answers.every(({ status }) => status === 204));
  t.is(broker.came.length, 35);
});

test('what would wait for more than a second is refused: iPXE asks again for an asset, and a script decides by itself', async (t) => {
  const { broker, gateway } = await start(t, { limits: slow });
  const asked = [
    [kernel, '5'],
    ['/boot.efi', undefined],
    ['/boot.ipxe?mac=1', undefined],
    ['/grubx64.efi', '5'],
    ['/report/up?mac=1', '5'],
  ] as const;
  const refusing = async ([target, retry]: (typeof asked)[number], from: string) => {
    const answers = await Promise.all(times(20).map(() => gateway.ask(target, { from })));
    const refused = answers.filter(({ status }) => status === 429);
    t.true(refused.length > 0, target);
    for (const { headers, json } of refused) {
      t.is(headers['retry-after'], retry, target);
      t.is(headers['content-type'], 'application/problem+json');
      t.is(headers['cache-control'], 'no-store');
      t.is(json.status, 429);
    }
  };
  await Promise.all(asked.map((each, n) => refusing(each, `127.10.0.${n + 2}`)));
  const passed = broker.came.length;
  t.is((await gateway.ask(kernel, { from: '127.10.0.9' })).status, 204, 'their neighbour goes on');
  t.is(broker.came.length, passed + 1);
});

test('what is refused anyway counts as well, and a flood of it does not fill the log', async (t) => {
  const { broker, gateway } = await start(t, { limits: slow });
  const statuses = [];
  for (const target of ['/nothing', '/../boot.ipxe', '/a;b'])
    for (const { status } of await Promise.all(times(100).map(() => gateway.ask(target))))
      statuses.push(status);
  t.true(statuses.every((status) => [400, 404, 429].includes(status)));
  t.true(statuses.filter((status) => status === 429).length > 150);
  t.true(gateway.accessLog().length < 100, `${gateway.accessLog().length} lines`);
  t.is(broker.came.length, 0);
});

test('one address has so many requests under way, and no more', async (t) => {
  const waiting: ServerResponse[] = [];
  const { broker, gateway } = await start(t, { limits: { connections: 3 } });
  broker.answer = (_, answer) => void waiting.push(answer);
  const running = times(3).map(() => gateway.ask(kernel));
  await until(() => waiting.length === 3);
  const refused = await gateway.ask(kernel);
  t.deepEqual([refused.status, refused.headers['retry-after']], [429, '5']);
  const other = gateway.ask(kernel, { from: '127.10.0.3' });
  await until(() => waiting.length === 4);
  for (const answer of waiting) answer.writeHead(204).end();
  t.deepEqual(
    (await Promise.all([...running, other])).map(({ status }) => status),
    [204, 204, 204, 204],
  );
});

test("a rack that comes up behind its own edge's one address is not held up", async (t) => {
  const peers = [{ edge_kid: 'site-a', redirects: 'always' }, { redirects: 'always' }];
  const { gateway } = await start(t, { limits: slow, tunnel: tunnelOf(peers) });
  const asked = async (from: string, headers: Record<string, string>) => {
    const answers = await Promise.all(times(90).map(() => gateway.ask(kernel, { from, headers })));
    return answers.filter(({ status }) => status === 429).length;
  };
  const vouched = {
    'X-Boot-Edge': 'v1;kid=site-a;aud=boot;t=1;addr=192.168.7.20;hw=;can=cache,follow;mac=x',
  };
  const [rack, one, elsewhere] = await Promise.all([
    asked('127.10.0.2', vouched),
    asked('127.10.0.2', {}),
    asked('127.10.1.2', vouched),
  ]);
  t.is(rack, 0);
  t.true(one > 0, 'without its word it is one machine');
  t.true(elsewhere > 0, 'where no edge is, its word is worth nothing');
});

test('a loader that reads an image range by range is paced, never refused', async (t) => {
  const bytes = randomBytes(70_000);
  const storage = await fakeFor(t, bytesOf(bytes));
  const broker = await fakeFor(t, handoff());
  const limits = { requests_per_second: 50 };
  const gateway = await gatewayFor(t, { broker: broker.origin, storage: storage.origin }, { limits });
  const parts = [];
  for (const n of times(70)) {
    const range = `bytes=${n * 1000}-${n * 1000 + 999}`;
    const { status, body } = await gateway.ask(kernel, { headers: { Range: range } });
    t.is(status, 206);
    parts.push(body);
  }
  t.true(Buffer.concat(parts).equals(bytes));
});

for (const settings of [{}, { role: 'site', tunnel: undefined, offline_hours: 1 }])
  test(`what the broker says of its own limits passes as it is, ${'role' in settings ? 'on a site' : 'in the cloud'}`, async (t) => {
    const { broker, gateway } = await start(t, settings);
    broker.answer = (_, answer) =>
      void answer
        .writeHead(429, { 'Retry-After': '7', 'Content-Type': 'application/problem+json' })
        .end('{}');
    for (const target of [kernel, '/boot.ipxe', '/report/up']) {
      const { status, headers, text } = await gateway.ask(target);
      t.deepEqual([status, headers['retry-after'], text], [429, '7', '{}'], target);
    }
  });

test('so it does when the broker is asked for a fresh URL', async (t) => {
  const storage = await fakeFor(t, (_, answer) => void answer.writeHead(403).end());
  const broker = await fakeFor(t, (asked, answer) => {
    if (asked.headers['x-boot-retry']) answer.writeHead(429, { 'Retry-After': '7' }).end();
    else handoff()(asked, answer);
  });
  const gateway = await gatewayFor(t, { broker: broker.origin, storage: storage.origin });
  const { status, headers } = await gateway.ask(kernel);
  t.deepEqual([status, headers['retry-after']], [429, '7']);
});
