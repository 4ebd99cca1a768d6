import { connect } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openRoom, type Room } from '../lab/room.ts';
import { command, needing, root } from '../support/needs.ts';
import {
  type Asking,
  BUCKET,
  bytes,
  client,
  storage,
  storageOptions,
  storageProcess,
  temporaryDirectory,
} from './support.ts';

const O = `/storage/v1/b/${BUCKET}/o`;
const json = { 'content-type': 'application/json' };

/** One of each thing that can be asked without a signature. */
const unsigned: [target: string, asking: Asking][] = [
  [`/${BUCKET}/kernel`, {}],
  [`/${BUCKET}/kernel`, { method: 'HEAD' }],
  [`/${BUCKET}/kernel`, { method: 'PUT', body: 'evil' }],
  [`/${BUCKET}/kernel`, { method: 'POST', headers: { 'x-goog-resumable': 'start' } }],
  [`/${BUCKET}/kernel`, { method: 'DELETE' }],
  [`/${BUCKET}`, {}],
  ['/', {}],
  [`/storage/v1/b/${BUCKET}`, {}],
  [O, {}],
  [`${O}/kernel`, {}],
  [`${O}/kernel?alt=media`, {}],
  [`${O}/none`, {}],
  ['/storage/v1/b/none/o/none', {}],
  ['/storage/v1/nonsense', {}],
  [`/download${O}/kernel?alt=media`, {}],
  [`/upload${O}?uploadType=media&name=kernel`, { method: 'POST', body: 'evil' }],
  [
    `/upload${O}?uploadType=multipart`,
    { method: 'POST', headers: { 'content-type': 'multipart/related; boundary=b' }, body: '--b' },
  ],
  [`/upload${O}?uploadType=resumable&name=kernel`, { method: 'POST', headers: json, body: '{}' }],
  [`/resumable/upload${O}?uploadType=resumable&name=kernel`, { method: 'POST', headers: json, body: '{}' }],
  [`${O}/kernel`, { method: 'PATCH', headers: json, body: '{"contentType":"evil/evil"}' }],
  [`${O}/kernel/rewriteTo/b/${BUCKET}/o/copy`, { method: 'POST', headers: json, body: '{}' }],
  [`${O}/kernel/copyTo/b/${BUCKET}/o/copy`, { method: 'POST', headers: json, body: '{}' }],
  [
    `${O}/kernel/compose`,
    { method: 'POST', headers: json, body: '{"sourceObjects":[{"name":"kernel"},{"name":"kernel"}]}' },
  ],
  [`${O}/kernel`, { method: 'DELETE' }],
];

const guesses = [
  undefined,
  'Bearer',
  'Bearer ',
  'Bearer guess',
  'Bearer a-token-of-the-tests-',
  'bearer A-token-of-the-tests',
  'Basic YTp0b2tlbg==',
];

test('without the token nothing unsigned works, and nothing changes', async (t) => {
  const { ask, admin, put } = await storage(t);
  await put('kernel', 'bytes', 'text/plain');
  const before = (await admin(`${O}`)).text;
  for (const authorization of guesses) {
    for (const [target, { headers, ...asking }] of unsigned) {
      const refused = await ask(target, {
        ...asking,
        headers: { ...headers, ...(authorization && { authorization }) },
      });
      t.is(refused.status, 401, `${asking.method} ${target} ${authorization}`);
      t.truthy(refused.headers['www-authenticate']);
      t.notRegex(refused.text, /a-token-of-the-tests/);
    }
  }
  t.is((await admin(O)).text, before);
});

test('a refused body is not waited for', async (t) => {
  const { origin } = await storage(t);
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  socket.write(
    `PUT /${BUCKET}/kernel HTTP/1.1\r\nHost: ${hostname}\r\nContent-Length: 1000000000\r\n\r\nbeginning`,
  );
  let text = '';
  for await (const chunk of socket) text += chunk;
  t.regex(text, /^HTTP\/1.1 401 /);
  t.regex(text, /\r\nConnection: close\r\n/i);
});

test('an open storage serves programs on this machine and no web page', async (t) => {
  const { ask, origin } = await storage(t, { token: undefined });
  const insert = { method: 'POST', body: 'bytes' };
  const target = `/upload${O}?uploadType=media&name=kernel`;
  const { port } = new URL(origin);
  for (const host of [`evil.example:${port}`, 'evil.example', '192.0.2.1', '127.0.0.1.evil.example']) {
    const refused = await ask(target, { ...insert, headers: { host } });
    t.is(refused.status, 403, host);
    t.regex(refused.text, /loopback/);
  }
  const page = await ask(target, { ...insert, headers: { origin: 'http://evil.example' } });
  t.is(page.status, 403);
  t.regex(page.text, /Origin/);
  t.is((await ask(`${O}/kernel`)).status, 404);
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`, '127.9.9.9'])
    t.is((await ask(target, { ...insert, headers: { host } })).status, 200, host);
  t.is((await ask(`/${BUCKET}/kernel`)).text, 'bytes');
});

needing(root, ...['ip', 'unshare', 'nsenter', 'setpriv'].map(command))(
  'another network namespace is refused everything unsigned',
  async (t) => {
    const { server, asker } = await namespaces(t);
    const options = storageOptions(await temporaryDirectory(t), { listen: { host: '10.99.0.1', port: 0 } });
    const { origin } = await storageProcess(t, options, server.start);
    const asking = async (room: Room, requests: [string, Asking][]) => {
      const script = join(import.meta.dirname, 'ask.ts');
      const stdout = await room.run(process.execPath, [script, origin, JSON.stringify(requests)]);
      return JSON.parse(stdout) as { status: number; text: string }[];
    };
    const authorization = 'Bearer a-token-of-the-tests';
    const insert: [string, Asking] = [
      `/upload${O}?uploadType=media&name=kernel`,
      { method: 'POST', headers: { authorization }, body: 'bytes' },
    ];
    const look: [string, Asking] = [O, { headers: { authorization } }];
    const { sign } = client(origin);
    const [, before] = await asking(asker, [insert, look]);
    const refused = await asking(asker, unsigned);
    t.deepEqual(
      refused.map(({ status }) => status),
      unsigned.map(() => 401),
    );
    const [after, signed] = await asking(asker, [
      look,
      [await sign({ method: 'GET', object: 'kernel' }), {}],
    ]);
    t.is(before?.status, 200);
    t.is(after?.text, before?.text);
    t.is(signed?.text, 'bytes');
  },
);

needing(root, ...['ip', 'unshare', 'nsenter', 'setpriv'].map(command))(
  'whoever may not boot is refused before anything of a request is read; this host never is',
  async (t) => {
    const { server, asker } = await namespaces(t);
    const statusFrom = async (room: Room, allowed: readonly string[]) => {
      const listen = { host: '10.99.0.1', port: 0 };
      const limits = { total: 100, floor: 0, allowed };
      const options = storageOptions(await temporaryDirectory(t), { listen, limits });
      const { origin } = await storageProcess(t, options, server.start);
      const script = join(import.meta.dirname, 'ask.ts');
      const requests = JSON.stringify([['/healthz', {}]]);
      const [answered] = JSON.parse(await room.run(process.execPath, [script, origin, requests]));
      return [answered.status, /BROKER_ALLOWED_NETWORKS/.test(answered.text)];
    };
    t.deepEqual(await statusFrom(asker, ['10.1.0.0/16']), [403, true]);
    t.deepEqual(await statusFrom(asker, ['10.1.0.0/16', '10.99.0.0/24']), [200, false]);
    t.deepEqual(await statusFrom(server, ['10.1.0.0/16']), [200, false]);
  },
);

/** Two namespaces with one wire between them: 10.99.0.1 and 10.99.0.2. */
async function namespaces(t: ExecutionContext) {
  const [server, asker] = [await openRoom(), await openRoom()];
  t.teardown(() => Promise.all([server.close(), asker.close()]));
  const ip = (room: Room, line: string) => room.run('ip', line.split(' '));
  await ip(server, `link add wire type veth peer name wire netns ${asker.pid}`);
  for (const [room, address] of [
    [server, '10.99.0.1/24'],
    [asker, '10.99.0.2/24'],
  ] as const) {
    await ip(room, `address add ${address} dev wire`);
    await ip(room, 'link set wire up');
  }
  return { server, asker };
}

test('a body that is too large for its kind is refused', async (t) => {
  const { admin } = await storage(t);
  const answered = await admin(`${O}/kernel/compose`, {
    method: 'POST',
    headers: json,
    body: bytes(1_100_000),
  });
  t.is(answered.status, 413);
});
