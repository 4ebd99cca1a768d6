import { createHash, randomFill } from 'node:crypto';
import { once } from 'node:events';
import type { Http2ServerResponse, IncomingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import Koa from 'koa';
import { http2Server } from '../../../src/http/server/http2.ts';
import { listen } from '../../../src/http/server/listener.ts';
import { brokenStorage } from '../../support/broken-storage.ts';
import { brokerFor, push } from '../../support/broker.ts';
import { ask, dial, say, until, untilClosed } from '../../support/http.ts';
import {
  ask2,
  dial2,
  type Frame,
  flag,
  frame,
  frames,
  frameType,
  preface,
  request,
  session,
} from '../../support/http2.ts';
import { scaled } from '../../support/patience.ts';
import { agents, mac, type Site, startSite } from '../site.ts';

const kernel = '/assets/debian:12:x86_64/kernel';

async function siteFor(t: ExecutionContext): Promise<Site> {
  const site = await startSite();
  t.teardown(site.close);
  return site;
}

/** Headers of one connection or one answer; the rest of them must not depend on the protocol. */
const own = /^(:status|date|connection|keep-alive|transfer-encoding|x-request-id)$/;
const lasting = (headers: IncomingHttpHeaders) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !own.test(name)));

test('one port gives the same answers by HTTP/1.1 and by HTTP/2 in clear', async (t) => {
  const site = await siteFor(t);
  const client = session(t, site.bootPort);
  const questions: [target: string, headers?: Record<string, string>, method?: string][] = [
    ['/healthz'],
    [`/boot.ipxe?mac=${mac}`, { 'user-agent': agents.ipxe }],
    ['/boot.efi', { 'user-agent': agents.firmware }],
    ['/boot.efi', { 'user-agent': agents.firmware }, 'HEAD'],
    [kernel, { 'user-agent': agents.firmware }],
    [kernel, { 'user-agent': agents.firmware }, 'HEAD'],
    [kernel, { 'user-agent': agents.firmware, range: 'bytes=1000-1999' }],
    [kernel, { 'user-agent': agents.firmware, range: 'bytes=9999999-' }],
    [kernel, { 'user-agent': agents.firmware, 'if-match': '"another"' }],
    ['/grub.cfg', { 'user-agent': agents.grub }],
    ['/boot.efi', {}, 'DELETE'],
    ['/a/../b'],
    [`/report/up?mac=${mac}`],
  ];
  for (const [target, headers = {}, method = 'GET'] of questions) {
    const old = await ask(site.bootPort, target, { headers, method });
    const answer = await ask2(client, target, { headers, method });
    const what = `${method} ${target} ${JSON.stringify(headers)}`;
    t.is(answer.status, old.status, what);
    t.deepEqual(lasting(answer.headers), lasting(old.headers), what);
    const body = (bytes: Buffer) => bytes.toString('latin1').replace(/"instance":"[^"]*"/, '');
    t.is(body(answer.body), body(old.body), what);
  }
});

test('a redirect by HTTP/2 goes where the storage is, and a request id comes back', async (t) => {
  const site = await siteFor(t);
  const client = session(t, site.bootPort);
  const headers = { 'user-agent': agents.curl };
  const answer = await ask2(client, kernel, { headers });
  t.is(answer.status, 302);
  const id = answer.headers['x-request-id'];
  t.regex(String(id), /^[0-9a-f-]{36}$/);
  t.is(answer.headers['cache-control'], 'no-store');
  const followed = await fetch(String(answer.headers.location));
  t.deepEqual(Buffer.from(await followed.arrayBuffer()), site.bytes.kernel);
  t.like(
    site.log.find((line) => line.request_id === id),
    { status: 302, source: '127.0.0.1', hung_up: undefined },
  );
});

test('a report is read by HTTP/2, and the admin plane takes JSON by it', async (t) => {
  const site = await siteFor(t);
  const report = await ask2(session(t, site.bootPort), `/report/up?mac=${mac}`, {
    method: 'POST',
    body: 'all is well',
  });
  t.is(report.status, 200);
  const headers = {
    authorization: `Bearer ${site.parts.adminToken}`,
    'content-type': 'application/json',
  };
  const added = await ask2(session(t, site.adminPort), '/api/v1/machines', {
    method: 'POST',
    headers,
    body: JSON.stringify({ macs: ['52:54:00:aa:bb:77'] }),
  });
  t.is(added.status, 201, added.body.toString());
});

test('however the first bytes are cut into pieces, the connection finds its protocol', async (t) => {
  const site = await siteFor(t);
  const byteByByte = async (text: string) => {
    const socket = await dial(site.bootPort);
    socket.setNoDelay(true);
    for (const byte of text) {
      socket.write(byte);
      await sleep(1);
    }
    return socket;
  };
  for (const method of ['GET', 'PUT', 'PATCH', 'PROPFIND']) {
    const socket = await byteByByte(`${method} /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    t.regex(await untilClosed(socket), /^HTTP\/1\.1 (200|405) /, method);
  }
  for (const method of ['P', 'PRI', 'PRINT'])
    t.regex(await say(site.bootPort, `${method} * HTTP/1.1\r\nHost: a\r\n\r\n`), /^HTTP\/1\.1 400 /);
  const socket = await byteByByte(preface);
  socket.write(frame(frameType.settings, 0, 0));
  socket.write(frame(frameType.headers, flag.endHeaders | flag.endStream, 1, request('/healthz')));
  const types: number[] = [];
  for await (const { type, flags, stream } of frames(socket)) {
    if (stream === 1) types.push(type);
    if (stream === 1 && flags & flag.endStream) break;
  }
  t.deepEqual(types.slice(0, 2), [frameType.headers, frameType.data]);
  socket.destroy();
  const all = await dial2(t, site.bootPort); // the preface and the first frame in one piece
  t.is((await frames(all).next()).value?.type, frameType.settings);
});

test('a client that closes its side with the request, or says nothing, is no trouble', async (t) => {
  const broker = await brokerFor(t);
  const half = await dial(broker.bootPort);
  half.end('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
  t.regex(await untilClosed(half), /^HTTP\/1\.1 200 /);
  for (const text of ['', 'P', preface.slice(0, 20)]) {
    const socket = await dial(broker.bootPort);
    socket.end(text);
    t.is(await untilClosed(socket), '');
    (await dial(broker.bootPort, text)).resetAndDestroy();
  }
  t.is((await broker.boot('/healthz')).status, 200);
});

test('a preface, or a body by HTTP/2, that does not come within 10 s is cut, with a problem', async (t) => {
  const broker = await brokerFor(t);
  const client = session(t, broker.bootPort);
  const body = client.request({ ':method': 'POST', ':path': '/report/up?mac=52:54:00:00:00:01' });
  body.write('half of it');
  const unread = client.request({ ':method': 'POST', ':path': '/healthz' });
  const [cut, silent, [late]] = await Promise.all([
    say(broker.bootPort, preface.slice(0, 16)),
    say(broker.bootPort, ''),
    once(body, 'response') as Promise<[IncomingHttpHeaders & { ':status': number }]>,
    once(unread.resume(), 'close'),
  ]);
  for (const answer of [cut, silent]) t.regex(answer, /^HTTP\/1\.1 408 .*request-timeout/s);
  // Nobody knows the machine: that is said before the body is read.
  t.true([404, 408].includes(late[':status']));
  await once(body.resume(), 'close');
  t.false(client.destroyed);
});

test('150 MB come byte for byte by HTTP/2, to a fast and a slow reader on one connection', async (t) => {
  const broker = await brokerFor(t);
  const bytes = Buffer.alloc(150_000_000);
  await promisify(randomFill)(bytes);
  await push(broker, { kind: 'kernel', name: 'k', bytes });
  const client = session(t, broker.bootPort);
  const read = async (pauseMs: number) => {
    const stream = client.request({ ':path': '/assets/k:1:x86_64/kernel', 'user-agent': agents.firmware });
    const hash = createHash('sha256');
    let size = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      hash.update(chunk);
      size += chunk.length;
      if (size % 5_000_000 < chunk.length) await sleep(pauseMs);
    }
    return [size, hash.digest('hex')];
  };
  const expected = [bytes.length, createHash('sha256').update(bytes).digest('hex')];
  t.deepEqual(await Promise.all([read(0), read(30)]), [expected, expected]);
});

test('a slow reader by HTTP/2 holds its own stream back and nobody else, and the broker keeps little', async (t) => {
  const size = 150_000_000;
  const chunk = Buffer.alloc(60_000);
  let given = 0;
  // Gives as fast as it is taken, and counts: what the broker took beyond the kernel's buffers, it would have to keep.
  const storage = await brokenStorage((response) => {
    response.writeHead(200, { 'Content-Length': size });
    const give = () => {
      for (let takes = true; takes && given < size; given += chunk.length) takes = response.write(chunk);
    };
    response.on('drain', give);
    give();
  });
  t.teardown(() => storage.close());
  const broker = await brokerFor(t, {
    replace: ({ blobs }) => ({ blobs: { ...blobs, follow: storage.follow } }),
  });
  await push(broker, { kind: 'kernel', name: 'k', bytes: Buffer.alloc(size) });
  const client = session(t, broker.bootPort);
  const path = '/assets/k:1:x86_64/kernel';
  const slow = client.request({ ':path': path, 'user-agent': agents.firmware });
  await once(slow, 'response'); // and nothing is read of it
  const fast = await ask2(client, '/healthz');
  t.is(fast.status, 200);
  await until(() => given > 0);
  for (let before = 0; before !== given; await sleep(scaled(500))) before = given;
  t.true(given > 0 && given < 60_000_000, `${given} bytes were taken`);
  slow.close();
  await until(async () => /^bootbroker_streams 0$/m.test((await broker.boot('/metrics')).text));
  await until(() => broker.log.some((line) => line.path === path && line.hung_up === true));
  t.deepEqual(
    broker.log.filter(({ level }) => level === 'error'),
    [],
  );
});

test('an answer whose storage breaks off ends by RST_STREAM, never cleanly; the connection goes on', async (t) => {
  for (const cutAt of [1, 16_384, 65_535, 100_000, 299_999]) {
    const storage = await brokenStorage((response) => {
      response.writeHead(200, { 'Content-Length': 300_000 });
      response.write(Buffer.alloc(cutAt), () => setTimeout(() => response.destroy(), 20));
    });
    t.teardown(() => storage.close());
    const broker = await brokerFor(t, {
      replace: ({ blobs }) => ({ blobs: { ...blobs, follow: storage.follow } }),
    });
    await push(broker, { kind: 'kernel', name: 'k', bytes: Buffer.alloc(300_000) });
    const socket = await dial2(t, broker.bootPort);
    const fields = { 'user-agent': agents.firmware };
    const ask = (stream: number, path: string) =>
      socket.write(frame(frameType.headers, flag.endHeaders | flag.endStream, stream, request(path, fields)));
    ask(1, '/assets/k:1:x86_64/kernel');
    const seen: Frame[] = [];
    for await (const one of frames(socket)) {
      seen.push(one);
      if (one.stream === 1 && one.type === frameType.rstStream) ask(3, '/healthz');
      if (one.stream === 3 && one.flags & flag.endStream) break;
    }
    const broken = seen.filter(({ stream }) => stream === 1);
    t.is(broken.at(-1)?.type, frameType.rstStream);
    t.is(broken.at(-1)?.payload.readUInt32BE(), 2, 'INTERNAL_ERROR');
    t.true(broker.log.some(({ message, bytes }) => /broke off/.test(String(message)) && bytes === cutAt));
    t.false(broker.log.some(({ level }) => level === 'error'));
    t.false(broken.some(({ type, flags }) => type === frameType.data && (flags & flag.endStream) !== 0));
    socket.destroy();
  }
});

/** A plane whose every answer begins at once, and ends with the request's `?after=` milliseconds. */
async function plane(t: ExecutionContext) {
  const koa = new Koa();
  koa.use(async (ctx) => {
    ctx.res.write('begun');
    await sleep(Number(ctx.query.after), undefined, { ref: false });
    ctx.respond = false;
    ctx.res.end('ended');
  });
  const listener = await listen(koa, { host: '127.0.0.1', port: 0 });
  t.teardown(() => listener.close(0));
  return listener;
}

test('a plane that closes says so on every connection and lets answers end', async (t) => {
  const { port, close } = await plane(t);
  const [idle, busy] = [session(t, port), session(t, port)];
  const goaways = [idle, busy].map((client) => once(client, 'goaway'));
  await ask2(idle, '/?after=0');
  const answer = busy.request({ ':path': '/?after=1000' });
  const begun = once(answer, 'response');
  const old = await dial(port, 'GET /?after=1000 HTTP/1.1\r\nHost: a\r\n\r\n');
  const untold = await dial(port, 'PRI');
  await Promise.all([begun, new Promise((resolve) => old.once('readable', resolve))]);
  const closed = close(60_000);
  for (const goaway of goaways) t.is((await goaway)[0], 0);
  t.is(await text(answer), 'begunended');
  t.regex(await untilClosed(old), /begun.*ended/s);
  t.is(await untilClosed(untold), '');
  await closed;
});

test('what has not ended when the time is up is cut, and does not look like an end', async (t) => {
  const { port, close } = await plane(t);
  const socket = await dial2(t, port);
  socket.write(frame(frameType.headers, flag.endHeaders | flag.endStream, 1, request('/?after=60000')));
  const seen: Frame[] = [];
  const reading = (async () => {
    for await (const one of frames(socket)) seen.push(one);
  })().catch(() => {});
  const old = ask(port, '/?after=60000');
  old.catch(() => {});
  await until(() => seen.some(({ type }) => type === frameType.data));
  await close(200);
  await reading;
  t.true(seen.some(({ type }) => type === frameType.goaway));
  t.false(seen.some(({ type, flags }) => type === frameType.data && (flags & flag.endStream) !== 0));
  await t.throwsAsync(old);
});

/** A server that closes connections after half a second of nothing. */
async function impatient(
  t: ExecutionContext,
  answer: (response: Http2ServerResponse) => void,
): Promise<number> {
  const { server, cut } = http2Server({
    take: (_, response) => answer(response),
    requestTimeoutMs: 10_000,
    idleTimeoutMs: 500,
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.close();
    cut();
  });
  return (server.address() as AddressInfo).port;
}

test('a connection without a stream is closed, however much it pings', async (t) => {
  const port = await impatient(t, (response) => void response.end('done'));
  const [fresh, used] = [session(t, port), session(t, port)];
  await ask2(used, '/');
  const pinging = setInterval(() => {
    for (const client of [fresh, used]) if (!client.closed && !client.destroyed) client.ping(() => {});
  }, 50);
  t.teardown(() => clearInterval(pinging));
  await Promise.all([fresh, used].map((client) => client.destroyed || once(client, 'close')));
  t.pass();
});

test('a connection that does nothing is closed, in the middle of its headers too, but not in that of an answer', async (t) => {
  const port = await impatient(t, (response) => void response.write('some of it'));
  const nothing = await dial2(t, port);
  const headers = await dial2(t, port);
  headers.write(frame(frameType.headers, 0, 1, request('/')));
  const busy = session(t, port);
  const stream = busy.request().on('error', () => {});
  await Promise.all([untilClosed(nothing), untilClosed(headers), once(busy, 'goaway')]);
  t.false(stream.destroyed);
});
