import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { say } from '../support/http.ts';
import { command, needing } from '../support/needs.ts';
import { bytesOf, etag, fakeFor, handoff, signature } from './fakes.ts';
import { gatewayFor } from './gateway.ts';

const test = needing(command('nginx'));
const kernel = '/asset/0199aaaa-bbbb-7ccc-8ddd-eeeeffff0000/kernel';
const bytes = randomBytes(9_500_000);

test('a machine gets the bytes that the broker hands off, with what the broker says of them', async (t) => {
  const storage = await fakeFor(t, bytesOf(bytes));
  const broker = await fakeFor(t, handoff());
  const gateway = await gatewayFor(t, { broker: broker.origin, storage: storage.origin });
  const { status, body, headers } = await gateway.ask(kernel);
  t.is(status, 200);
  t.true(body.equals(bytes));
  t.is(headers['content-length'], String(bytes.length));
  t.is(headers['content-type'], 'application/efi');
  t.is(headers['cache-control'], 'private, max-age=31536000, immutable, no-transform');
  t.is(headers['content-disposition'], 'attachment; filename="kernel"');
  t.is(headers['x-content-type-options'], 'nosniff');
  t.is(headers['accept-ranges'], 'bytes');
  t.is(headers.etag, etag);
  const signed = `/boot-assets/assets/1/kernel?generation=17&X-Goog-Expires=60&X-Goog-Signature=${signature}`;
  t.deepEqual(new Set(storage.came.map(({ target }) => target)), new Set([signed]));
  const [line] = gateway.accessLog();
  t.like(line, { plan: 'handoff', path: kernel, address: '127.10.0.2', status: 200, bytes: bytes.length });
  t.is(line?.request_id, broker.came[0]?.fields.find(([name]) => name === 'X-Request-Id')?.[1]);
});

test('what is signed reaches the storage to the letter', async (t) => {
  const storage = await fakeFor(t, bytesOf(Buffer.from('abc')));
  const query = '&X-Goog-Credential=a%2Fb%40c&odd=%7e+%2B';
  const broker = await fakeFor(t, handoff({ query }));
  const gateway = await gatewayFor(t, { broker: broker.origin, storage: storage.origin });
  t.is((await gateway.ask(kernel)).text, 'abc');
  t.true(storage.came[0]?.target.includes(query));
});

test('Range and validators do what they would at the storage', async (t) => {
  const storage = await fakeFor(t, bytesOf(bytes));
  const broker = await fakeFor(t, handoff());
  const gateway = await gatewayFor(t, { broker: broker.origin, storage: storage.origin });
  const asking = (headers: Record<string, string>) => gateway.ask(kernel, { headers });

  const part = await asking({ Range: 'bytes=4194300-8388700' });
  t.is(part.status, 206);
  t.is(part.headers['content-range'], `bytes 4194300-8388700/${bytes.length}`);
  t.true(part.body.equals(bytes.subarray(4194300, 8388701)));
  t.true((await asking({ Range: 'bytes=-5' })).body.equals(bytes.subarray(-5)));
  t.is((await asking({ Range: 'bytes=0-9', 'If-Range': etag })).status, 206);
  const changed = await asking({ Range: 'bytes=0-9', 'If-Range': '"another"' });
  t.deepEqual([changed.status, changed.body.length], [200, bytes.length]);
  const several = await asking({ Range: 'bytes=0-9,20-29' });
  t.deepEqual([several.status, several.body.length], [200, bytes.length]);
  t.is((await asking({ 'If-None-Match': etag })).status, 304);
  t.is((await asking({ 'If-Match': '"another"' })).status, 412);
  t.is((await asking({ 'If-Modified-Since': 'Sun, 22 Nov 2026 00:00:00 GMT' })).status, 304);
});

test('to the storage goes nothing of the client but the range, in slices', async (t) => {
  const storage = await fakeFor(t, bytesOf(bytes));
  const broker = await fakeFor(t, handoff());
  const gateway = await gatewayFor(t, { broker: broker.origin, storage: storage.origin });
  const headers = {
    Cookie: 'a=b',
    Authorization: 'Basic eA==',
    'X-Goog-Hash': 'x',
    'User-Agent': 'iPXE/1.0',
  };
  await gateway.ask(kernel, { headers, body: 'a body', method: 'GET' });
  t.is(storage.came.length, 3);
  for (const { method, fields, body } of storage.came) {
    t.is(method, 'GET');
    t.is(body, '');
    t.deepEqual(
      fields.map(([name]) => name),
      ['Host', 'Range'],
    );
    t.is(fields[0]?.[1], new URL(storage.origin).host);
  }
});

test('X-Accel headers of the storage steer nothing and reach nobody', async (t) => {
  const steering = {
    'X-Accel-Redirect': '/_storage/17/boot-assets/assets/1/secret?generation=17',
    'X-Accel-Expires': '0',
    'X-Accel-Limit-Rate': '1',
    'X-Accel-Buffering': 'no',
    'X-Accel-Charset': 'koi8-r',
    'Set-Cookie': 'a=b',
    Vary: '*',
  };
  const storage = await fakeFor(t, bytesOf(bytes, steering));
  const broker = await fakeFor(t, handoff());
  const gateway = await gatewayFor(t, { broker: broker.origin, storage: storage.origin });
  for (const _ of [1, 2]) {
    const { body, headers } = await gateway.ask(kernel);
    t.true(body.equals(bytes));
    for (const name of Object.keys(steering)) t.false(name.toLowerCase() in headers, name);
  }
  t.is(storage.came.length, 3, 'and what it says of keeping is not asked either');
});

test('no request of a client reaches the place of the handoff', async (t) => {
  const storage = await fakeFor(t, bytesOf(bytes));
  const broker = await fakeFor(t, (_, answer) => void answer.writeHead(404).end());
  const gateway = await gatewayFor(t, { broker: broker.origin, storage: storage.origin });
  const place = '_storage/17/boot-assets/assets/1/kernel?generation=17';
  for (const target of [
    `/${place}`,
    `//${place}`,
    `/boot/../${place}`,
    `/%5Fstorage${place.slice(8)}`,
    `/m/a/../../${place}`,
  ])
    for (const method of ['GET', 'HEAD', 'POST', 'PUT']) {
      const raw = await say(
        gateway.port,
        `${method} ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Accel-Redirect: /${place}\r\n\r\n`,
      );
      t.regex(raw, /^HTTP\/1\.1 40[045] /, `${method} ${target}`);
    }
  t.deepEqual(storage.came, []);
  t.deepEqual(broker.came, []);
});

test('a handoff that names no generation, or two, leads nowhere', async (t) => {
  const storage = await fakeFor(t, bytesOf(bytes));
  const broker = await fakeFor(t, handoff({ generation: 'latest' }));
  const gateway = await gatewayFor(t, { broker: broker.origin, storage: storage.origin });
  t.is((await gateway.ask(kernel)).status, 500);
  broker.answer = (_, answer) =>
    void answer.writeHead(200, { 'X-Accel-Redirect': '/_storage/17/b/o?generation=18' }).end();
  t.is((await gateway.ask(kernel)).status, 503);
  t.deepEqual(storage.came, []);
});

const retryOf = (fields: readonly (readonly [string, string])[]) =>
  fields.filter(([name]) => name.toLowerCase() === 'x-boot-retry').map(([, value]) => value);

for (const refusal of [400, 403, 404, 410])
  test(`a URL that the storage refuses with ${refusal} is asked for once more, fresh`, async (t) => {
    const storage = await fakeFor(t, (asked, answer) => {
      if (storage.came.length === 1) answer.writeHead(refusal).end(`<Signature>${signature}</Signature>`);
      else bytesOf(bytes)(asked, answer);
    });
    const broker = await fakeFor(t, handoff());
    const gateway = await gatewayFor(t, { broker: broker.origin, storage: storage.origin });
    const { status, body } = await gateway.ask(kernel, { headers: { 'X-Boot-Retry': '1' } });
    t.is(status, 200);
    t.true(body.equals(bytes));
    t.deepEqual(
      broker.came.map(({ target, fields }) => [target, ...retryOf(fields)]),
      [[kernel], [kernel, '1']],
    );
  });

test('a second refusal is 503 with Retry-After, and says nothing of the asset', async (t) => {
  const storage = await fakeFor(t, (_, answer) => void answer.writeHead(404).end('gone'));
  const broker = await fakeFor(t, handoff());
  const gateway = await gatewayFor(t, { broker: broker.origin, storage: storage.origin });
  const { status, headers, text } = await gateway.ask(kernel);
  t.is(status, 503);
  t.is(headers['retry-after'], '5');
  t.is(headers['cache-control'], 'no-store');
  t.is(headers['content-disposition'], undefined);
  t.is(headers['content-type'], 'application/problem+json');
  t.is(JSON.parse(text).status, 503);
  t.deepEqual([broker.came.length, storage.came.length], [2, 2]);
});

test('a storage that fails is 503 with Retry-After, without asking the broker again', async (t) => {
  const storage = await fakeFor(t, (_, answer) => void answer.writeHead(500).end());
  const broker = await fakeFor(t, handoff());
  const gateway = await gatewayFor(t, { broker: broker.origin, storage: storage.origin });
  const { status, headers } = await gateway.ask(kernel);
  t.deepEqual([status, headers['retry-after']], [503, '5']);
  storage.answer = (asked) => void asked.socket.destroy();
  t.is((await gateway.ask(kernel)).status, 503);
  t.is(broker.came.length, 2);
});

test('a slice that fails in mid-transfer cuts the connection: no other answer is mixed into the bytes', async (t) => {
  const storage = await fakeFor(t, bytesOf(bytes));
  const broker = await fakeFor(t, handoff());
  const gateway = await gatewayFor(t, { broker: broker.origin, storage: storage.origin });
  const came: number[] = [];
  for (const failure of [400, 404, 503]) {
    storage.answer = (asked, answer) => {
      if (asked.headers.range?.startsWith('bytes=0-')) bytesOf(bytes)(asked, answer);
      else answer.writeHead(failure).end(`failure ${failure}`);
    };
    const raw = await say(gateway.port, `GET ${kernel} HTTP/1.1\r\nHost: a\r\n\r\n`);
    const body = Buffer.from(raw.slice(raw.indexOf('\r\n\r\n') + 4), 'latin1');
    t.true(body.length <= 4 << 20, `${failure}: ${body.length} bytes`);
    t.true(body.equals(bytes.subarray(0, body.length)));
    came.push(body.length);
  }
  // A reset may overtake what was sent before it.
  t.true(came.some((length) => length > 0));
  t.true(broker.came.every(({ fields }) => retryOf(fields).length === 0));
});

test('a broker that is down is 503: Retry-After for what machines fetch, none for scripts', async (t) => {
  const storage = await fakeFor(t, bytesOf(bytes));
  const gateway = await gatewayFor(t, { broker: 'http://127.0.0.1:1', storage: storage.origin });
  for (const [target, retry] of [
    [kernel, '5'],
    ['/report/up', '5'],
    ['/boot.ipxe?mac=1', undefined],
    ['/m/52-54-00-00-00-01/boot.ipxe', undefined],
    ['/boot/x86_64/boot.efi', undefined],
  ] as const) {
    const { status, headers } = await gateway.ask(target);
    t.deepEqual([status, headers['retry-after']], [503, retry], target);
  }
});

test('no log has a signature, whatever fails', async (t) => {
  const storage = await fakeFor(t, bytesOf(bytes));
  const broker = await fakeFor(t, handoff());
  const gateway = await gatewayFor(t, { broker: broker.origin, storage: storage.origin });
  const failures = [
    (asked: IncomingMessage) => void asked.socket.destroy(),
    (_: unknown, answer: ServerResponse) => {
      answer.writeHead(206, {
        'Content-Length': 4 << 20,
        'Content-Range': `bytes 0-${(4 << 20) - 1}/${bytes.length}`,
      });
      answer.write('half', () => answer.destroy());
    },
    (_: unknown, answer: ServerResponse) => void answer.writeHead(403).end(),
    (_: unknown, answer: ServerResponse) => void answer.socket?.end('no HTTP at all\r\n\r\n'),
    (_: unknown, answer: ServerResponse) =>
      void answer.writeHead(206, { 'Content-Range': 'nonsense' }).end('x'),
  ];
  for (const failure of failures) {
    storage.answer = failure;
    await say(gateway.port, `GET ${kernel} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  }
  t.true(storage.came.length >= failures.length);
  t.false(gateway.logged().includes(signature));
  t.false(gateway.logged().includes('X-Goog'));
  t.true(gateway.accessLog().length >= failures.length);
});
