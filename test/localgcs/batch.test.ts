import test from 'ava';
import { BUCKET, type Client, client, storage, TOKEN } from './support.ts';

const O = `/storage/v1/b/${BUCKET}/o`;

interface Call {
  readonly line: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly id?: string;
}

function batchOf(calls: readonly Call[], lineEnd = '\r\n'): string {
  const parts = calls.map(({ line, headers = {}, body = '', id }) =>
    [
      '--===b==',
      'Content-Type: application/http',
      ...(id === undefined ? [] : [`Content-ID: ${id}`]),
      '',
      line,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      '',
      body,
    ].join(lineEnd),
  );
  return [...parts, '--===b==--', ''].join(lineEnd);
}

const mixed = { 'content-type': 'multipart/mixed; boundary="===b=="' };

async function send({ admin }: Client, calls: readonly Call[], lineEnd?: string) {
  const asked = await admin('/batch/storage/v1', {
    method: 'POST',
    headers: mixed,
    body: batchOf(calls, lineEnd),
  });
  const boundary = /boundary="([^"]+)"/.exec(asked.headers['content-type'] ?? '')?.[1];
  const parts = asked.text.split(`--${boundary}`).slice(1, -1);
  return {
    ...asked,
    parts: parts.map((part) => ({
      id: /^Content-ID: (.*)\r$/m.exec(part)?.[1],
      status: Number(/^HTTP\/1\.1 (\d+) /m.exec(part)?.[1]),
      body: part.split('\r\n\r\n').slice(2).join('\r\n\r\n').trim(),
    })),
  };
}

test('a batch is answered call by call, in order, each as if it had come alone', async (t) => {
  for (const lineEnd of ['\r\n', '\n']) {
    const storing = await storage(t);
    for (const name of ['a', 'b', 'ü']) await storing.put(name, 'bytes');
    const { status, parts } = await send(
      storing,
      [
        { line: `GET ${O}/a HTTP/1.1`, id: '<x+1>' },
        { line: `DELETE ${storing.origin}${O}/b HTTP/1.1`, id: 'plain' },
        { line: `DELETE ${O}/b HTTP/1.1` },
        { line: `GET ${O}/none HTTP/1.1` },
        {
          line: `PATCH ${O}/a HTTP/1.1`,
          headers: { 'Content-Type': 'application/json' },
          body: '{"metadata":{"k":"ü"}}',
        },
        { line: `POST ${O}/c/compose HTTP/1.1`, body: '{"sourceObjects":[{"name":"a"},{"name":"ü"}]}' },
        { line: `GET ${O}?fields=items HTTP/1.1` },
        { line: 'GET /storage/v1/b HTTP/1.1' },
      ],
      lineEnd,
    );
    t.is(status, 200);
    t.deepEqual(
      parts.map((part) => part.status),
      [200, 204, 404, 404, 200, 200, 200, 200],
    );
    t.deepEqual(parts.map((part) => part.id).slice(0, 3), ['<response-x+1>', 'response-plain', undefined]);
    t.is(JSON.parse(parts[4]?.body ?? '').metadata.k, 'ü');
    t.is(JSON.parse(parts[6]?.body ?? '').items.length, 3);
    t.is((await storing.admin(`/${BUCKET}/c`)).text, 'bytesbytes');
  }
});

test('bytes, uploads, the XML API and batches have no place in a batch', async (t) => {
  const storing = await storage(t);
  await storing.put('a', 'bytes');
  const { parts } = await send(storing, [
    { line: `GET ${O}/a?alt=media HTTP/1.1` },
    { line: `GET ${O}/a?alt=json&alt=media HTTP/1.1` },
    { line: `GET /download${O}/a HTTP/1.1` },
    { line: `POST /upload${O}?uploadType=media&name=x HTTP/1.1`, body: 'x' },
    { line: `GET /${BUCKET}/a HTTP/1.1` },
    { line: 'POST /batch/storage/v1 HTTP/1.1' },
  ]);
  for (const part of parts) t.is(part.status, 501, part.body);
  t.is(parts.length, 6);
});

test('a batch has a bound in calls and in bytes, and none of one that cannot be read is carried out', async (t) => {
  const storing = await storage(t);
  await storing.put('a', 'bytes');
  const remove = { line: `DELETE ${O}/a HTTP/1.1` };
  const get = { line: `GET ${O}/a HTTP/1.1` };
  t.is((await send(storing, [remove, ...Array(100).fill(get)])).status, 400);
  t.is((await send(storing, [])).status, 400);
  t.is((await send(storing, [remove, { line: 'nonsense' }])).status, 400);
  const post = async (body: Uint8Array | string, headers: Record<string, string> = mixed) =>
    (await storing.admin('/batch/storage/v1', { method: 'POST', headers, body })).status;
  const whole = batchOf([remove]);
  t.is(await post(whole.slice(0, -6)), 400);
  t.is(await post(whole, { 'content-type': 'application/json' }), 400);
  t.is(await post(whole, { 'content-type': 'multipart/mixed' }), 400);
  t.is(await post(Buffer.concat([Buffer.from(whole), Buffer.from([0xff])])), 400);
  t.is(await post(batchOf([remove, { ...get, body: 'x'.repeat(10_000_000) }])), 413);
  t.is((await storing.admin(`${O}/a`)).status, 200);
  t.is((await send(storing, Array(100).fill(get))).parts.length, 100);
});

test('a call of a batch may do what its caller may, and no more', async (t) => {
  const storing = await storage(t);
  await storing.put('a', 'bytes');
  const body = batchOf([{ line: `GET ${O}/a HTTP/1.1` }]);
  const asked = await storing.ask('/batch/storage/v1', { method: 'POST', headers: mixed, body });
  t.is(asked.status, 401);
  const own = (token: string) => ({
    line: `GET ${O}/a HTTP/1.1`,
    headers: { Authorization: `Bearer ${token}` },
  });
  const { parts } = await send(storing, [own('another'), own(TOKEN)]);
  t.deepEqual(
    parts.map(({ status }) => status),
    [401, 200],
  );
});

test('without a token a call of a batch cannot say that it comes from elsewhere', async (t) => {
  const open = await storage(t, { token: undefined });
  const post = (headers: Record<string, string>, inner: Record<string, string>) =>
    client(open.origin).ask('/batch/storage/v1', {
      method: 'POST',
      headers: { ...mixed, ...headers },
      body: batchOf([{ line: 'GET /storage/v1/b HTTP/1.1', headers: inner }]),
    });
  t.is((await post({ origin: 'http://evil.example' }, {})).status, 403);
  t.regex((await post({}, { Host: 'evil.example', Origin: 'http://evil.example' })).text, /HTTP\/1.1 200/);
});
