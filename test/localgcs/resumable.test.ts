import { readdir, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { serve } from '../../src/localgcs/server.ts';
import { until } from '../support/http.ts';
import {
  BUCKET,
  bytes,
  type Client,
  client,
  crc,
  md5,
  send,
  storage,
  storageOptions,
  temporaryDirectory,
} from './support.ts';

const CHUNK = 256 * 1024;

/** Starts an upload with a signed POST and gives its session's target. */
async function start(
  t: ExecutionContext,
  { sign, ask, origin }: Client,
  headers: Record<string, string> = {},
) {
  const signed = { 'x-goog-resumable': 'start', ...headers };
  const target = await sign({ method: 'POST', object: 'kernel', headers: signed });
  const answered = await ask(target, { method: 'POST', headers: signed });
  t.is(answered.status, 201, answered.text);
  t.is(answered.body.length, 0);
  const { location = '' } = answered.headers;
  t.true(location.startsWith(`${origin}/${BUCKET}/kernel?upload_id=`), location);
  return location.slice(origin.length);
}

const put = (range: string, body: Uint8Array | string = '') => ({
  method: 'PUT',
  headers: { 'content-range': range },
  body,
});

test('an upload in one PUT becomes an object with what was signed at its start', async (t) => {
  const storing = await storage(t);
  const data = bytes(1_000_000);
  const session = await start(t, storing, {
    'content-type': 'application/efi',
    'cache-control': 'no-cache',
    'content-disposition': 'attachment',
    'x-goog-meta-colour': 'blue',
    'x-upload-content-length': '1000000',
    'x-goog-hash': `crc32c=${crc(data)}`,
  });
  t.is((await storing.admin(`/${BUCKET}/kernel`)).status, 404);
  const done = await storing.ask(session, {
    method: 'PUT',
    headers: { 'content-type': 'text/html' },
    body: data,
  });
  t.is(done.status, 200, done.text);
  t.truthy(done.headers['x-goog-generation']);
  const got = await storing.admin(`/${BUCKET}/kernel`);
  t.deepEqual(got.body, data);
  t.is(got.headers['content-type'], 'application/efi');
  t.is(got.headers['cache-control'], 'no-cache');
  t.is(got.headers['content-disposition'], 'attachment');
  t.is(got.headers['x-goog-meta-colour'], 'blue');
});

test('the session is at the host by which the caller came', async (t) => {
  const { admin } = await storage(t);
  for (const host of ['storage.example:8082', '[::1]:8082', '192.0.2.7']) {
    const headers = { 'x-goog-resumable': 'start', host };
    const { location = '' } = (await admin(`/${BUCKET}/a%20b`, { method: 'POST', headers })).headers;
    t.true(location.startsWith(`http://${host}/${BUCKET}/a%20b?upload_id=`), location);
  }
});

test('chunks are answered 308 with what is stored, and the last one 200', async (t) => {
  const storing = await storage(t);
  const data = bytes(2 * CHUNK + 100);
  const total = data.length;
  const session = await start(t, storing);
  const first = await storing.ask(session, put(`bytes 0-${CHUNK - 1}/*`, data.subarray(0, CHUNK)));
  t.is(first.status, 308);
  t.is(first.headers.range, `bytes=0-${CHUNK - 1}`);
  const second = await storing.ask(
    session,
    put(`bytes ${CHUNK}-${2 * CHUNK - 1}/${total}`, data.subarray(CHUNK, 2 * CHUNK)),
  );
  t.is(second.status, 308);
  t.is(second.headers.range, `bytes=0-${2 * CHUNK - 1}`);
  const last = await storing.ask(
    session,
    put(`bytes ${2 * CHUNK}-${total - 1}/${total}`, data.subarray(2 * CHUNK)),
  );
  t.is(last.status, 200);
  t.deepEqual((await storing.admin(`/${BUCKET}/kernel`)).body, data);
});

test('asking how far an upload is never finishes it', async (t) => {
  const storing = await storage(t);
  const data = bytes(CHUNK);
  const session = await start(t, storing);
  for (const range of ['bytes */*', `bytes */${2 * CHUNK}`, 'bytes */0x1']) {
    const asked = await storing.ask(session, put(range));
    t.is(asked.status, range.includes('x') ? 400 : 308, range);
    t.is(asked.headers.range, undefined);
  }
  await storing.ask(session, put(`bytes 0-${CHUNK - 1}/${2 * CHUNK}`, data));
  for (const range of ['bytes */*', `bytes */${2 * CHUNK}`, `bytes */${10 * CHUNK}`]) {
    const asked = await storing.ask(session, put(range));
    t.is(asked.status, 308, range);
    t.is(asked.headers.range, `bytes=0-${CHUNK - 1}`);
  }
  t.is((await storing.admin(`/${BUCKET}/kernel`)).status, 404);
});

test('a client that learns the total at the end of its stream says it with an empty PUT', async (t) => {
  const storing = await storage(t);
  const data = bytes(CHUNK);
  const session = await start(t, storing);
  t.is((await storing.ask(session, put(`bytes 0-${CHUNK - 1}/*`, data))).status, 308);
  t.is((await storing.ask(session, put(`bytes */${CHUNK}`))).status, 200);
  t.deepEqual((await storing.admin(`/${BUCKET}/kernel`)).body, data);
});

test('bytes that are stored already are not stored again', async (t) => {
  const storing = await storage(t);
  const data = bytes(CHUNK + 1000);
  const total = data.length;
  const session = await start(t, storing);
  await storing.ask(session, put(`bytes 0-${CHUNK - 1}/${total}`, data.subarray(0, CHUNK)));
  const again = await storing.ask(session, put(`bytes 0-${CHUNK - 1}/${total}`, Buffer.alloc(CHUNK)));
  t.is(again.headers.range, `bytes=0-${CHUNK - 1}`);
  const rest = data.subarray(CHUNK - 500);
  t.is((await storing.ask(session, put(`bytes ${CHUNK - 500}-${total - 1}/${total}`, rest))).status, 200);
  t.deepEqual((await storing.admin(`/${BUCKET}/kernel`)).body, data);
});

test('a finished upload answers 200 again, with the generation that it made', async (t) => {
  const storing = await storage(t);
  const session = await start(t, storing);
  const done = await storing.ask(session, { method: 'PUT', body: 'bytes' });
  await storing.put('kernel', 'newer');
  for (const asking of [{ method: 'PUT', body: 'bytes' }, put('bytes */*'), put('bytes 0-4/5', 'bytes')]) {
    const again = await storing.ask(session, asking);
    t.is(again.status, 200);
    t.is(again.headers['x-goog-generation'], done.headers['x-goog-generation']);
  }
  t.is((await storing.admin(`/${BUCKET}/kernel`)).text, 'newer');
});

/** Sends the head of a PUT and some of its body, then says nothing more. */
function begin(origin: string, target: string, range: string, length: number, part: Uint8Array) {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  const head = `PUT ${target} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Length: ${length}\r\nContent-Range: ${range}\r\n\r\n`;
  return new Promise<typeof socket>((resolve) => {
    socket.write(head);
    socket.write(part, () => resolve(socket));
  });
}

/** Waits until the only file of a storage has that size. */
async function grown(dataDir: string, size: number): Promise<void> {
  const dir = join(dataDir, 'files');
  await until(async () => {
    const [file] = await readdir(dir);
    return file && (await stat(join(dir, file))).size >= size;
  });
}

test('what came before a connection broke is kept, and the upload goes on from there', async (t) => {
  const storing = await storage(t);
  const data = bytes(1_000_000);
  const session = await start(t, storing);
  const socket = await begin(
    storing.origin,
    session,
    'bytes 0-999999/1000000',
    1_000_000,
    data.subarray(0, 600_000),
  );
  await grown(storing.dataDir, 600_000);
  socket.destroy();
  t.is((await storing.ask(session, put('bytes */*'))).headers.range, 'bytes=0-599999');
  t.is((await storing.admin(`/${BUCKET}/kernel`)).status, 404);
  t.is((await storing.ask(session, put('bytes 600000-999999/1000000', data.subarray(600_000)))).status, 200);
  t.deepEqual((await storing.admin(`/${BUCKET}/kernel`)).body, data);
});

test('a client that comes back takes over from its own connection that hangs', async (t) => {
  const storing = await storage(t);
  const data = bytes(1_000_000);
  const session = await start(t, storing);
  const hanging = await begin(
    storing.origin,
    session,
    'bytes 0-999999/1000000',
    1_000_000,
    data.subarray(0, 300_000),
  );
  t.teardown(() => hanging.destroy());
  await grown(storing.dataDir, 300_000);
  const done = await storing.ask(session, put('bytes 0-999999/1000000', data));
  t.is(done.status, 200, done.text);
  t.deepEqual((await storing.admin(`/${BUCKET}/kernel`)).body, data);
});

test('a size other than the announced one never becomes an object', async (t) => {
  const storing = await storage(t);
  const announced = { 'x-upload-content-length': '1000' };
  for (const [range, size] of [
    [undefined, 999],
    [undefined, 1001],
    ['bytes 0-998/999', 999],
    ['bytes 0-1000/1001', 1001],
    ['bytes 0-999/1000', 999],
    ['bytes 0-999/1000', 1001],
    [`bytes 0-${CHUNK - 1}/*`, CHUNK],
    ['bytes */999', 0],
    ['bytes */0', 0],
    [undefined, 0],
  ] as const) {
    const session = await start(t, storing, announced);
    const headers = range === undefined ? {} : { 'content-range': range };
    const refused = await storing.ask(session, { method: 'PUT', headers, body: bytes(size) });
    t.is(refused.status, 400, `${range} ${size}`);
  }
  for (const size of [999, 1001]) {
    const session = await start(t, storing, announced);
    const chunked = { 'transfer-encoding': 'chunked', 'content-range': 'bytes 0-*/*' };
    const refused = await storing.ask(session, { method: 'PUT', headers: chunked, body: bytes(size) });
    t.is(refused.status, size === 999 ? 308 : 400);
  }
  t.is((await storing.admin(`/${BUCKET}/kernel`)).status, 404);
});

test('an announced size ends an upload whose chunks do not tell the total', async (t) => {
  const storing = await storage(t);
  const data = bytes(2 * CHUNK);
  const session = await start(t, storing, { 'x-upload-content-length': String(2 * CHUNK) });
  t.is((await storing.ask(session, put(`bytes 0-${CHUNK - 1}/*`, data.subarray(0, CHUNK)))).status, 308);
  t.is(
    (await storing.ask(session, put(`bytes ${CHUNK}-${2 * CHUNK - 1}/*`, data.subarray(CHUNK)))).status,
    200,
  );
  t.deepEqual((await storing.admin(`/${BUCKET}/kernel`)).body, data);
});

test('a stream that breaks off is not taken for one that ends', async (t) => {
  const storing = await storage(t);
  const session = await start(t, storing);
  const { hostname, port } = new URL(storing.origin);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  const head = `PUT ${session} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nTransfer-Encoding: chunked\r\n`;
  socket.write(`${head}Content-Range: bytes 0-*/*\r\n\r\n5\r\nbytes\r\n`);
  await grown(storing.dataDir, 5);
  socket.end();
  t.is((await storing.ask(session, put('bytes */*'))).headers.range, 'bytes=0-4');
  t.is((await storing.admin(`/${BUCKET}/kernel`)).status, 404);
});

test('contradictions, gaps and odd chunks are refused', async (t) => {
  const storing = await storage(t);
  const session = await start(t, storing);
  for (const [range, size] of [
    ['bytes 0-9/5', 10],
    ['bytes 9-5/20', 10],
    ['bytes 5-9/20', 5],
    ['bytes 0-99/1000', 100],
    ['bytes 0-99/*', 100],
    ['chunks 0-9/10', 10],
    [`bytes ${CHUNK}-${2 * CHUNK - 1}/*`, CHUNK],
  ] as const)
    t.is((await storing.ask(session, put(range, bytes(size)))).status, 400, range);
  t.is((await storing.ask(session, put('bytes */*'))).headers.range, undefined);
});

test('bytes whose checksum is another are BadDigest and never an object', async (t) => {
  const storing = await storage(t);
  const data = bytes(1000);
  for (const hash of [`crc32c=${crc(bytes(1000, 2))}`, `md5=${md5(bytes(1000, 2))}`]) {
    const session = await start(t, storing, { 'x-goog-hash': hash });
    const refused = await storing.ask(session, { method: 'PUT', body: data });
    t.is(refused.status, 400);
    t.regex(refused.text, /<Code>BadDigest<\/Code>/);
    t.is((await storing.ask(session, put('bytes */*'))).status, 404);

    const later = await start(t, storing);
    const headers = { 'x-goog-hash': hash };
    t.regex((await storing.ask(later, { method: 'PUT', headers, body: data })).text, /BadDigest/);
  }
  t.is((await storing.admin(`/${BUCKET}/kernel`)).status, 404);
});

test('x-goog-if-generation-match is asked at the start and again at the end', async (t) => {
  const storing = await storage(t);
  const none = { 'x-goog-if-generation-match': '0' };
  const session = await start(t, storing, none);
  await storing.put('kernel', 'somebody was faster');
  const late = await storing.ask(session, { method: 'PUT', body: 'bytes' });
  t.is(late.status, 412);
  t.regex(late.text, /<Code>PreconditionFailed<\/Code>/);
  t.is((await storing.admin(`/${BUCKET}/kernel`)).text, 'somebody was faster');
  const headers = { 'x-goog-resumable': 'start', ...none };
  const target = await storing.sign({ method: 'POST', object: 'kernel', headers });
  t.is((await storing.ask(target, { method: 'POST', headers })).status, 412);
});

test('a cancelled upload is 499 and then unknown', async (t) => {
  const storing = await storage(t);
  const session = await start(t, storing);
  await storing.ask(session, put(`bytes 0-${CHUNK - 1}/*`, bytes(CHUNK)));
  t.is((await storing.ask(session, { method: 'DELETE' })).status, 499);
  t.is((await storing.ask(session, put('bytes */*'))).status, 404);
  t.is((await storing.ask(session, { method: 'DELETE' })).status, 404);
});

test('an unknown session is 404, also under another name', async (t) => {
  const storing = await storage(t);
  const session = await start(t, storing);
  t.is((await storing.ask(`/${BUCKET}/kernel?upload_id=guess`, { method: 'PUT', body: 'x' })).status, 404);
  t.is((await storing.ask(session.replace('/kernel', '/other'), { method: 'PUT', body: 'x' })).status, 404);
  t.regex((await storing.ask(session.replace('/kernel', '/other'), put('bytes */*'))).text, /NoSuchUpload/);
});

test('a signature for the start of an upload opens nothing else', async (t) => {
  const { sign, ask } = await storage(t);
  const headers = { 'x-goog-resumable': 'start' };
  const target = await sign({ method: 'POST', object: 'kernel', headers });
  for (const method of ['PUT', 'DELETE', 'GET', 'HEAD'])
    t.is((await ask(target, { method, headers })).status, 403, method);
  t.is((await ask(target, { method: 'POST' })).status, 400);
  const plain = await sign({ method: 'POST', object: 'kernel' });
  t.is((await ask(plain, { method: 'POST' })).status, 501);
  t.is((await ask(plain, { method: 'POST', headers })).status, 400);
});

test('a session ends after a week, and is forgotten after two', async (t) => {
  let now = Date.now();
  const server = await serve(storageOptions(await temporaryDirectory(t)), () => new Date(now));
  t.teardown(() => server.close());
  const storing = client(`http://127.0.0.1:${server.address.port}`);
  const session = await start(t, storing);
  await storing.ask(session, put(`bytes 0-${CHUNK - 1}/*`, bytes(CHUNK)));
  now += 6 * 24 * 3600 * 1000;
  t.is((await storing.ask(session, put('bytes */*'))).status, 308);
  now += 2 * 24 * 3600 * 1000;
  const expired = await storing.ask(session, put('bytes */*'));
  t.is(expired.status, 410);
  now += 7 * 24 * 3600 * 1000;
  t.is((await storing.ask(session, put('bytes */*'))).status, 404);
});

test('an upload goes on after the storage was started anew', async (t) => {
  const options = storageOptions(await temporaryDirectory(t));
  const data = bytes(CHUNK + 77);
  const first = await serve(options, () => new Date());
  const session = await start(t, client(`http://127.0.0.1:${first.address.port}`), {
    'x-goog-hash': `crc32c=${crc(data)},md5=${md5(data)}`,
  });
  await send(
    `http://127.0.0.1:${first.address.port}`,
    session,
    put(`bytes 0-${CHUNK - 1}/*`, data.subarray(0, CHUNK)),
  );
  await first.close();
  const second = await serve(options, () => new Date());
  t.teardown(() => second.close());
  const storing = client(`http://127.0.0.1:${second.address.port}`);
  t.is((await storing.ask(session, put('bytes */*'))).headers.range, `bytes=0-${CHUNK - 1}`);
  const last = await storing.ask(
    session,
    put(`bytes ${CHUNK}-${data.length - 1}/${data.length}`, data.subarray(CHUNK)),
  );
  t.is(last.status, 200, last.text);
  t.deepEqual((await storing.admin(`/${BUCKET}/kernel`)).body, data);
});

test('a signed PUT writes an object, and a signed DELETE removes it', async (t) => {
  const { sign, ask, admin } = await storage(t);
  const data = bytes(100_000);
  const headers = { 'content-type': 'application/efi', 'x-goog-hash': `crc32c=${crc(data)}` };
  const target = await sign({ method: 'PUT', object: '../../kernel', headers });
  const done = await ask(target, { method: 'PUT', headers, body: data });
  t.is(done.status, 200, done.text);
  t.is(done.headers['x-goog-hash'], `crc32c=${crc(data)},md5=${md5(data)}`);
  const got = await admin(`/${BUCKET}/..%2F..%2Fkernel`);
  t.deepEqual(got.body, data);
  t.is(got.headers['content-type'], 'application/efi');
  t.is((await ask(target, { method: 'PUT', headers, body: bytes(100_000, 2) })).status, 400);
  t.deepEqual((await admin(`/${BUCKET}/..%2F..%2Fkernel`)).body, data);
  const removal = await sign({ method: 'DELETE', object: '../../kernel' });
  t.is((await ask(removal, { method: 'DELETE' })).status, 204);
  t.is((await ask(removal, { method: 'DELETE' })).status, 404);
});

test('a caller who waits for 100 Continue sends no body that is refused', async (t) => {
  const { origin, sign } = await storage(t);
  const target = await sign({ method: 'PUT', object: 'kernel' });
  const speak = (path: string) =>
    new Promise<string>((resolve) => {
      const { hostname, port } = new URL(origin);
      const socket = connect(Number(port), hostname);
      const head = `PUT ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n`;
      socket.write(head);
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk;
        if (text === 'HTTP/1.1 100 Continue\r\n\r\n') socket.write('bytes');
        else if (/\r\n\r\n/.test(text.replace(/^HTTP\/1.1 100 Continue\r\n\r\n/, ''))) socket.destroy();
      });
      socket.on('close', () => resolve(text));
    });
  t.regex(await speak(`/${BUCKET}/kernel`), /^HTTP\/1.1 401 /);
  t.regex(await speak(target), /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 /);
});

test('a session takes POST, and says 200 instead of 308 where that is asked for, as Google does for its library for Go', async (t) => {
  const storing = await storage(t);
  const data = bytes(2 * CHUNK + 5);
  const xml = await start(t, storing);
  const json = await storing.admin(`/upload/storage/v1/b/${BUCKET}/o?uploadType=resumable&name=kernel`, {
    method: 'POST',
  });
  for (const session of [xml, (json.headers.location ?? '').slice(storing.origin.length)]) {
    const post = (range: string, body: Uint8Array | string = '') =>
      storing.ask(session, {
        method: 'POST',
        headers: { 'content-range': range, 'x-guploader-no-308': 'yes' },
        body,
      });
    const first = await post(`bytes 0-${CHUNK - 1}/*`, data.subarray(0, CHUNK));
    t.is(first.status, 200, first.text);
    t.is(first.headers['x-http-status-code-override'], '308');
    t.is(first.headers.range, `bytes=0-${CHUNK - 1}`);
    t.is((await storing.ask(session, put('bytes */*'))).status, 308);
    const asked = await post('bytes */*');
    t.deepEqual([asked.status, asked.headers['x-http-status-code-override']], [200, '308']);
    const done = await post(`bytes ${CHUNK}-${data.length - 1}/${data.length}`, data.subarray(CHUNK));
    t.is(done.status, 200, done.text);
    t.is(done.headers['x-http-status-code-override'], undefined);
    t.deepEqual((await storing.admin(`/${BUCKET}/kernel`)).body, data);
    t.is((await storing.admin(`/storage/v1/b/${BUCKET}/o/kernel`, { method: 'DELETE' })).status, 204);
  }
  const unknown = `/upload/storage/v1/b/${BUCKET}/o?uploadType=resumable&upload_id=guessed`;
  t.is((await storing.ask(unknown, { method: 'POST' })).status, 404);
});
