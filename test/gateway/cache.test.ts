import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dial, until, untilClosed } from '../support/http.ts';
import { command, needing } from '../support/needs.ts';
import { bytesOf, fakeFor, handoff } from './fakes.ts';
import { gatewayFor } from './gateway.ts';

const test = needing(command('nginx'));
const kernel = '/asset/0199aaaa-bbbb-7ccc-8ddd-eeeeffff0000/kernel';
const bytes = randomBytes(9_500_000);
const slices = ['bytes=0-4194303', 'bytes=4194304-8388607', 'bytes=8388608-12582911'];

test('twenty machines at once cause one fetch of each slice', async (t) => {
  const storage = await fakeFor(
    t,
    (asked, answer) => void setTimeout(() => bytesOf(bytes)(asked, answer), 50),
  );
  const broker = await fakeFor(t, handoff());
  const gateway = await gatewayFor(t, { broker: broker.origin, storage: storage.origin });
  const machines = Array.from({ length: 20 }, (_, n) => `127.10.0.${n + 2}`);
  const answers = await Promise.all(machines.map((from) => gateway.ask(kernel, { from })));
  t.true(answers.every(({ body }) => body.equals(bytes)));
  t.deepEqual(
    storage.came.map(({ fields }) => fields.find(([name]) => name === 'Range')?.[1]),
    slices,
  );
  t.is(broker.came.length, 20);
});

test('what was fetched once is kept by generation, and not by signature', async (t) => {
  const storage = await fakeFor(t, bytesOf(bytes));
  const broker = await fakeFor(t, handoff());
  const gateway = await gatewayFor(t, { broker: broker.origin, storage: storage.origin });
  await gateway.ask(kernel);
  broker.answer = handoff({ query: '&X-Goog-Date=later' });
  t.true((await gateway.ask(kernel)).body.equals(bytes));
  t.is(storage.came.length, 3);
  t.like(gateway.accessLog().at(-1), { cache: 'HIT', plan: 'handoff' });
  broker.answer = handoff({ generation: '18' });
  await gateway.ask(kernel);
  broker.answer = handoff({ object: 'boot-assets/assets/2/kernel' });
  await gateway.ask(kernel);
  t.is(storage.came.length, 9);
});

test('a machine that is not admitted gets nothing of what is kept', async (t) => {
  const storage = await fakeFor(t, bytesOf(bytes));
  const broker = await fakeFor(t, handoff());
  const gateway = await gatewayFor(t, { broker: broker.origin, storage: storage.origin });
  await gateway.ask(kernel);
  broker.answer = (_, answer) => void answer.writeHead(403).end('no');
  const { status, text } = await gateway.ask(kernel);
  t.deepEqual([status, text], [403, 'no']);
  t.is(broker.came.length, 2);
});

test('without a cache each machine gets the bytes anew, ranges as the storage answers them', async (t) => {
  const storage = await fakeFor(t, bytesOf(bytes));
  const broker = await fakeFor(t, handoff());
  const upstreams = { broker: broker.origin, storage: storage.origin };
  const gateway = await gatewayFor(t, upstreams, { cache: false });
  for (const _ of [1, 2]) t.true((await gateway.ask(kernel)).body.equals(bytes));
  const part = await gateway.ask(kernel, {
    headers: { Range: 'bytes=100-4194400', 'If-Range': '"an-etag"' },
  });
  t.is(part.status, 206);
  t.true(part.body.equals(bytes.subarray(100, 4194401)));
  t.deepEqual(
    storage.came.map(({ fields }) => fields.filter(([name]) => name !== 'Host')),
    [
      [],
      [],
      [
        ['Range', 'bytes=100-4194400'],
        ['If-Range', '"an-etag"'],
      ],
    ],
  );
  storage.answer = (_, answer) => void answer.writeHead(404).end();
  t.is((await gateway.ask(kernel)).status, 503);
});

test('a refusal by the storage is not kept', async (t) => {
  const storage = await fakeFor(t, (_, answer) => void answer.writeHead(404).end());
  const broker = await fakeFor(t, handoff());
  const gateway = await gatewayFor(t, { broker: broker.origin, storage: storage.origin });
  t.is((await gateway.ask(kernel)).status, 503);
  storage.answer = bytesOf(bytes);
  t.is((await gateway.ask(kernel)).status, 200);
});

test('a reload lets a transfer that runs run on', async (t) => {
  const storage = await fakeFor(t, bytesOf(bytes));
  const broker = await fakeFor(t, handoff());
  const gateway = await gatewayFor(t, { broker: broker.origin, storage: storage.origin });
  const reader = await dial(gateway.port, `GET ${kernel} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  await until(() => storage.came.length > 0);
  const config = join(gateway.folder, 'etc/bootbroker/nginx.conf');
  writeFileSync(config, readFileSync(config, 'utf8').replace('~^1 none " 404', '~^1 none " 405'));
  gateway.signal('SIGHUP');
  await until(async () => (await gateway.ask('/nothing')).status === 405);
  const text = await untilClosed(reader);
  t.true(Buffer.from(text.slice(text.indexOf('\r\n\r\n') + 4), 'latin1').equals(bytes));
});
