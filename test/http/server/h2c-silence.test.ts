import { createServer, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { cutSilentReader } from '../../../src/http/server/silence.ts';
import { until } from '../../support/http.ts';
import { session } from '../../support/http2.ts';

const silenceMs = 4_000;

/** A server of HTTP/2 whose every answer is as long as anybody waits, and which says whose have ended. */
async function talker(t: ExecutionContext) {
  const ended: string[] = [];
  const server: Http2Server = createServer((request, response) => {
    cutSilentReader(response as never, silenceMs);
    const chunk = Buffer.alloc(16_384);
    const fill = () => {
      while (!response.stream.destroyed && response.write(chunk));
    };
    response.on('drain', fill).on('close', () => ended.push(request.url));
    fill();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return { port: (server.address() as AddressInfo).port, ended };
}

test('by HTTP/2, a reader that reads nothing is cut, and whoever reads slowly on the same connection is not', async (t) => {
  const { port, ended } = await talker(t);
  const client = session(t, port);
  const slow = client.request({ ':path': '/slow' });
  const silent = client.request({ ':path': '/silent' });
  for (const stream of [slow, silent]) stream.on('error', () => {});
  const slowly = setInterval(() => slow.read(20_000) ?? slow.read(), 200);
  t.teardown(() => clearInterval(slowly));
  await until(() => ended.length > 0);
  t.deepEqual(ended, ['/silent']);
  await sleep(2 * silenceMs);
  t.deepEqual(ended, ['/silent']);
  t.false(client.destroyed);
});
