import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, utimesSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { placesUnder } from '../../gateway/places.ts';
import { command, needing } from '../support/needs.ts';
import { bytesOf, fakeFor, handoff } from './fakes.ts';
import { gatewayFor } from './gateway.ts';

const test = needing(command('nginx'));
const kernel = '/asset/0199aaaa-bbbb-7ccc-8ddd-eeeeffff0000/kernel';
const bytes = randomBytes(5_000_000);

test('a site edge goes on with what it served last, to the same machines, for so long', async (t) => {
  const storage = await fakeFor(t, bytesOf(bytes));
  const script = (text: string) => (_: unknown, answer: ServerResponse) =>
    void answer.writeHead(200, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' }).end(text);
  const broker = await fakeFor(t, (asked, answer) => {
    if (asked.url?.endsWith('/kernel')) handoff()(asked, answer);
    else script('#!ipxe\none')(asked, answer);
  });
  const upstreams = { broker: broker.origin, storage: storage.origin };
  const gateway = await gatewayFor(t, upstreams, { role: 'site', tunnel: undefined, offline_hours: 2 });
  const head = await gateway.ask('/boot.efi', { method: 'HEAD' });
  t.is(head.status, 200);
  t.is(broker.came[0]?.method, 'HEAD');
  t.is((await gateway.ask('/boot.ipxe?mac=1')).text, '#!ipxe\none');
  const part = await gateway.ask(kernel, { headers: { Range: 'bytes=10-19' } });
  t.deepEqual([part.status, part.body], [206, bytes.subarray(10, 20)]);
  t.true((await gateway.ask(kernel)).body.equals(bytes));
  t.true(broker.came.every(({ fields }) => fields.every(([name]) => name !== 'X-Boot-Address')));
  const fetched = storage.came.length;

  broker.answer = (asked) => void asked.socket.destroy();
  storage.answer = (asked) => void asked.socket.destroy();
  // nginx counts in whole seconds.
  await sleep(2100);
  t.is((await gateway.ask('/boot.ipxe?mac=1')).text, '#!ipxe\none');
  t.true((await gateway.ask(kernel)).body.equals(bytes));
  t.is(storage.came.length, fetched);
  t.is((await gateway.ask('/boot.ipxe?mac=1', { from: '127.10.0.3' })).status, 503, 'another machine');
  t.is((await gateway.ask('/boot.ipxe?mac=2')).status, 503, 'something else');

  broker.answer = (_, answer) => void answer.writeHead(403).end();
  t.is((await gateway.ask(kernel)).status, 403, 'a broker that answers has the last word');
  broker.answer = (asked) => void asked.socket.destroy();

  const { cache, lib } = placesUnder(gateway.folder);
  const old = Date.now() / 1000 - 2 * 3600 - 120;
  for (const name of readdirSync(`${cache}-answers`, { recursive: true, encoding: 'utf8' }))
    utimesSync(join(`${cache}-answers`, name), old, old);
  execFileSync('sh', [join(lib, 'upkeep'), 'once']);
  t.is((await gateway.ask('/boot.ipxe?mac=1')).status, 503, 'too old');
});

test('without offline_hours nothing is said that the broker does not say', async (t) => {
  const broker = await fakeFor(t, (_, answer) => void answer.writeHead(200).end('one'));
  const upstreams = { broker: broker.origin, storage: 'http://127.0.0.1:1' };
  const gateway = await gatewayFor(t, upstreams, { role: 'site', tunnel: undefined });
  t.is((await gateway.ask('/boot.ipxe')).text, 'one');
  broker.answer = (asked) => void asked.socket.destroy();
  t.is((await gateway.ask('/boot.ipxe')).status, 503);
});
