import { execFile } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { startLocalgcs } from '../../src/localgcs/localgcs.ts';
import type { LocalgcsOptions } from '../../src/localgcs/options.ts';
import { until } from '../support/http.ts';
import { command, needing, root } from '../support/needs.ts';
import {
  BUCKET,
  bytes,
  client,
  send,
  storage,
  storageOptions,
  storageProcess,
  temporaryDirectory,
} from './support.ts';

test('starts in a worker, serves, and stops', async (t) => {
  const server = await startLocalgcs(storageOptions(await temporaryDirectory(t)));
  t.is(server.host, '127.0.0.1');
  t.is(server.origin, `http://127.0.0.1:${server.port}`);
  const storing = client(server.origin);
  await storing.put('kernel', 'bytes');
  t.is((await storing.admin(`/${BUCKET}/kernel`)).text, 'bytes');
  await server.close();
  await t.throwsAsync(storing.ask('/healthz'), { code: 'ECONNREFUSED' });
  t.is(await Promise.race([server.failed, 'nothing failed']), 'nothing failed');
});

test('is reached on loopback when it listens everywhere', async (t) => {
  const listen = { host: '0.0.0.0', port: 0 };
  const server = await startLocalgcs({ ...storageOptions(await temporaryDirectory(t)), listen });
  t.teardown(() => server.close());
  t.is((await send(server.origin, '/healthz', {})).status, 200);
});

test('refuses to start where it must not or cannot', async (t) => {
  const dataDir = await temporaryDirectory(t);
  const options = storageOptions(dataDir);
  const refuses = async (more: Partial<LocalgcsOptions>, message: RegExp) =>
    await t.throwsAsync(startLocalgcs({ ...options, ...more }), { message }, String(message));
  for (const host of ['0.0.0.0', '::', '192.0.2.1', '128.0.0.1', 'example.com'])
    await refuses(
      { token: undefined, listen: { host, port: 0 } },
      /without a token the storage listens on loopback only/,
    );
  await refuses({ token: '' }, /token of the storage is empty/);
  for (const bucket of ['storage', 'upload', 'download', 'healthz', 'a', 'UPPER', '../x', 'a/b'])
    await refuses({ buckets: [bucket] }, /no bucket named/);
  await refuses(
    { keys: [{ identity: 'x', algorithm: 'GOOG4-RSA-SHA256', publicKeyPem: 'no key' }] },
    /the public key of x cannot be read/,
  );

  const running = await startLocalgcs(options);
  t.teardown(() => running.close());
  await refuses({}, /index.sqlite is in use by another process/);
  const listen = { host: '127.0.0.1', port: running.port };
  await refuses(
    { dataDir: await temporaryDirectory(t), listen },
    /cannot listen on 127.0.0.1 port \d+, which is in use/,
  );
  const file = join(await temporaryDirectory(t), 'file');
  await writeFile(file, '');
  await refuses({ dataDir: join(file, 'data') }, /ENOTDIR/);
});

test('a second process does not take the first one’s unfinished uploads for orphans', async (t) => {
  const { dataDir, admin } = await storage(t);
  const started = await admin(`/upload/storage/v1/b/${BUCKET}/o?uploadType=resumable&name=kernel`, {
    method: 'POST',
  });
  t.is(started.status, 200);
  await t.throwsAsync(startLocalgcs(storageOptions(dataDir)), { message: /in use/ });
});

test('the log has a line for each request, and no secrets', async (t) => {
  const options = storageOptions(await temporaryDirectory(t), { log: 'json' });
  const { origin, lines } = await storageProcess(t, options);
  const { put, sign, ask } = client(origin);
  await put('kernel', bytes(1000));
  const headers = { range: 'bytes=0-9', 'user-agent': 'UefiHttpBoot/1.0' };
  const target = await sign({ method: 'GET', object: 'kernel' });
  await ask(target, { headers });
  await ask(`/${BUCKET}/kernel`);
  await until(() => lines.length >= 4);
  const [, inserted, read, refused] = lines.map((line) => JSON.parse(line));
  t.like(inserted, { method: 'POST', path: `/upload/storage/v1/b/${BUCKET}/o`, status: 200 });
  const path = `/${BUCKET}/kernel`;
  const client_ = { remote_address: '127.0.0.1', user_agent: 'UefiHttpBoot/1.0' };
  t.like(read, {
    method: 'GET',
    path,
    status: 206,
    bytes: 10,
    range: 'bytes=0-9',
    complete: true,
    ...client_,
  });
  t.like(refused, { method: 'GET', path, status: 401 });
  t.notRegex(lines.join(), /X-Goog|a-token-of-the-tests/);
});

test('of strangers who are refused the log has one line a minute', async (t) => {
  const options = storageOptions(await temporaryDirectory(t), { log: 'json' });
  const { origin, lines } = await storageProcess(t, options);
  const { ask, put } = client(origin);
  for (let n = 0; n < 20; n += 1) t.is((await ask(`/${BUCKET}/kernel`)).status, 401);
  await put('kernel', bytes(10));
  await until(() => lines.some((line) => line.includes('"status":200')));
  t.is(lines.filter((line) => line.includes('"status":401')).length, 1);
});

test('a client that hangs up is no error, and leaves no descriptor behind', async (t) => {
  const options = storageOptions(await temporaryDirectory(t), { log: 'json' });
  const { origin, lines, pid } = await storageProcess(t, options);
  const { put, sign, ask } = client(origin);
  await put('kernel', bytes(30_000_000));
  const target = await sign({ method: 'GET', object: 'kernel' });
  const { hostname, port } = new URL(origin);
  const descriptors = async () => (await readdir(`/proc/${pid}/fd`)).length;
  const before = await descriptors();
  for (let round = 0; round < 20; round += 1) {
    const socket = connect(Number(port), hostname);
    socket.write(`GET ${target} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`);
    await new Promise((resolve) => socket.once('data', resolve));
    socket.destroy();
  }
  await until(() => lines.filter((line) => line.includes('"complete":false')).length >= 20);
  t.is((await ask('/healthz')).status, 200);
  await until(async () => (await descriptors()) <= before);
  t.notRegex(lines.join(), /fault/);
});

needing(root, command('mount'))('a full disk is 507 and leaves the old state', async (t) => {
  const run = promisify(execFile);
  const dataDir = join(await temporaryDirectory(t), 'small');
  await mkdir(dataDir);
  await run('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', dataDir]);
  t.teardown(() => run('umount', ['-l', dataDir]));
  const server = await startLocalgcs(storageOptions(dataDir));
  t.teardown(() => server.close());
  const { put, admin, ask, sign, origin } = client(server.origin);
  const old = bytes(3_000_000);
  await put('kernel', old);
  await put('other', bytes(1000));

  const full = await t.throwsAsync(put('kernel', bytes(20_000_000)));
  t.regex(full?.message ?? '', /507 .*disk of this storage is full/);
  const headers = { 'x-goog-resumable': 'start' };
  const started = await ask(await sign({ method: 'POST', object: 'kernel', headers }), {
    method: 'POST',
    headers,
  });
  const session = (started.headers.location ?? '').slice(origin.length);
  const cut = await ask(session, { method: 'PUT', body: bytes(20_000_000) });
  t.is(cut.status, 507);
  t.is((await admin(`/${BUCKET}/kernel`)).status, 200);
  t.is((await admin(`/${BUCKET}/other`, { method: 'DELETE' })).status, 204);
  t.is((await ask(session, { method: 'DELETE' })).status, 499);
  const compose = `/storage/v1/b/${BUCKET}/o/kernel/compose`;
  const body = JSON.stringify({ sourceObjects: Array(10).fill({ name: 'kernel' }) });
  t.is((await admin(compose, { method: 'POST', body })).status, 507);

  t.deepEqual((await admin(`/${BUCKET}/kernel`)).body, old);
  await put('kernel', 'a small one');
  t.is((await admin(`/${BUCKET}/kernel`)).text, 'a small one');
});
