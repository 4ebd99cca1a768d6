import { say } from '../support/http.ts';
import { command, needing } from '../support/needs.ts';
import { fakeFor, handoff } from './fakes.ts';
import { gatewayFor } from './gateway.ts';

const test = needing(command('nginx'));
const kernel = '/asset/0199aaaa-bbbb-7ccc-8ddd-eeeeffff0000/kernel';

test('the error log has no request line, whatever fails', async (t) => {
  const storage = await fakeFor(t, (asked) => void asked.socket.destroy());
  const broker = await fakeFor(t, handoff());
  const upstreams = { broker: broker.origin, storage: storage.origin };
  const gateway = await gatewayFor(t, upstreams, { limits: { requests_per_second: 20, connections: 1 } });
  const query = '?mac=52:54:00:aa:bb:01&serial=S3cr3t';
  const asking = (target: string) => gateway.ask(target + query).catch(() => undefined);
  await asking(kernel);
  broker.answer = (asked) => void asked.socket.destroy();
  await asking('/boot.ipxe');
  broker.answer = (_, answer) => void answer.writeHead(200, { 'X-Accel-Redirect': '/../etc' }).end();
  await asking('/boot.ipxe');
  broker.answer = (_, answer) => void answer.socket?.end('no HTTP\r\n\r\n');
  await asking('/boot.ipxe');
  await Promise.all(Array.from({ length: 80 }, () => asking('/boot.ipxe')));
  for (const target of ['/nothing', '/m/x/../y', '/a#b', '/metrics']) await asking(target);
  for (const line of [
    `GET /boot.ipxe${query}`,
    `GET /boot.ipxe${query} HTTP/7.0`,
    `get /boot.ipxe${query} HTTP/1.1`,
    `GET /boot.ipxe${query} HTTP/1.1\r\nHost: b`,
    `POST /report/up${query} HTTP/1.1\r\nContent-Length: 99999`,
    `GET /boot.ipxe${query}${'x'.repeat(40_000)} HTTP/1.1`,
  ])
    await say(gateway.port, `${line}\r\nHost: a\r\nConnection: close\r\n\r\n`).catch(() => '');
  t.notRegex(gateway.errorLog(), /request:|52:54|S3cr3t|boot\.ipxe|uninitialized/);
  t.notRegex(gateway.logged(), /S3cr3t|serial/, 'nor has the access log a query');
  t.true(gateway.accessLog().some(({ path, upstream }) => path === kernel && /502/.test(String(upstream))));
});
