import { createServer, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { lookAfter } from '../../../src/http/server/silence.ts';
import { until } from '../../support/http.ts';
import { session } from '../../support/http2.ts';
import { scaled } from '../../support/patience.ts';

const silenceMs = scaled(4_000);

/** A server of HTTP/2 whose every answer is as long as anybody waits, and which says whose have ended. */
async function talker(t: ExecutionContext) {
  const ended: string[] = [];
  const readers = lookAfter(silenceMs);
  const server: Http2Server = createServer((request, response) => {
    readers.begin(response as never);
    const chunk = Buffer.alloc(16_384);
    const fill = () => {
      while (!response.stream.destroyed && response.write(chunk));
    };
    response.on('drain', fill).on('close', () => ended.push(request.url));
    fill();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    readers.close();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, ended };
}

test('by HTTP/2, a reader that reads nothing is cut, and whoever reads slowly on the same connection is not', async (t) => {
  for (let tries = 0; tries < 10; tries += 1) {
    const { port, ended } = await talker(t);
    const client = session(t, port);
    const slow = client.request({ ':path': '/slow' });
    const silent = client.request({ ':path': '/silent' });
    for (const stream of [slow, silent]) stream.on('error', () => {});
    // On a busy machine the slow reader itself may come late: for how long did it read nothing?
    let last = performance.now();
    let longestMs = 0;
    const slowly = setInterval(() => {
      longestMs = Math.max(longestMs, performance.now() - last);
      last = performance.now();
      slow.read(20_000) ?? slow.read();
    }, 200);
    t.teardown(() => clearInterval(slowly));
    await until(() => ended.includes('/silent'));
    await sleep(2 * silenceMs);
    clearInterval(slowly);
    t.false(client.destroyed);
    if (!ended.includes('/slow')) return t.deepEqual(ended, ['/silent']);
    t.true(longestMs > silenceMs / 2, `it was cut although it had read ${longestMs} ms before`);
  }
  return t.fail('this machine is too busy for a reader to read in time');
});
