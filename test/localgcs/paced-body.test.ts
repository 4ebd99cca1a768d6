import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { pacedBody } from '../../src/localgcs/paced-body.ts';
import { dial, untilClosed } from '../support/http.ts';

/** A server that reads bodies of 100 000 bytes, 10 KB of which must come in each half second; `pauseMs` is how slow its disk is. */
async function reader(t: ExecutionContext, pauseMs = 0) {
  const server = createServer(async (request, response) => {
    let size = 0;
    try {
      for await (const chunk of pacedBody(request, { bytes: 10_000, windowMs: 500 })) {
        size += chunk.length;
        await sleep(pauseMs);
      }
    } catch {}
    if (!response.destroyed) response.end(String(size));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const head = 'PUT / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 100000\r\n\r\n';
  return dial((server.address() as AddressInfo).port, head);
}

test('an upload that only trickles is cut', async (t) => {
  const socket = await reader(t);
  const trickle = setInterval(() => socket.write('x'), 50);
  t.teardown(() => clearInterval(trickle));
  t.is(await untilClosed(socket), '');
});

test('one that is slow, but comes, is not; nor is one whose bytes our own disk keeps waiting', async (t) => {
  const slow = await reader(t);
  const coming = setInterval(() => slow.write(Buffer.alloc(2_500)), 25);
  t.teardown(() => clearInterval(coming));
  t.regex(await untilClosed(slow), /100000$/);
  const waiting = await reader(t, 700);
  waiting.write(Buffer.alloc(100_000));
  t.regex(await untilClosed(waiting), /100000$/);
});
