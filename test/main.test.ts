import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { openSqlite } from '../src/records/sqlite/sqlite.ts';
import { changeAsset } from './records/writing.ts';
import {
  type Admin,
  addMachine,
  addProfile,
  announce,
  announcement,
  askAdmin,
  expectStatus,
  push,
  send,
} from './support/broker.ts';
import { type Child, startChild, temporaryFolder } from './support/child.ts';
import { ask, dial, until } from './support/http.ts';
import { command, needing, root } from './support/needs.ts';

const ipxe = { userAgent: 'iPXE/2.0' };

/** The admin plane of a child, by the token that it made. */
async function adminOf(child: Child): Promise<Admin> {
  const { admin } = await child.ready;
  const token = (await readFile(join(child.folder, 'data', 'admin-token'), 'utf8')).trim();
  return { admin: (target, json, asking) => askAdmin(admin, token, target, json, asking) };
}

test('in an empty folder it starts, makes its secrets for its owner alone, and finds all again the next time', async (t) => {
  const first = await startChild(t);
  const { boot } = await first.ready;
  const data = join(first.folder, 'data');
  const secrets = async () =>
    Promise.all(
      ['admin-token', 'hmac-secret', 'storage-token'].map((name) => readFile(join(data, name), 'utf8')),
    );
  const made = await secrets();
  t.is(new Set(made).size, 3);
  for (const name of await readdir(data)) t.is((await stat(join(data, name))).mode & 0o077, 0, name);

  const bytes = Buffer.from('kernel');
  const asset = { kind: 'kernel', name: 'k', bytes } as const;
  const ready = await push(await adminOf(first), asset);
  t.is((await ask(boot, '/assets/k:1:x86_64/kernel')).text, 'kernel');
  // The next process finds an upload whose bytes are there, and nothing else of it.
  const upload = await announce(await adminOf(first), { kind: 'initrd', name: 'k', bytes });
  await send(upload, bytes);
  first.kill('SIGTERM');
  t.is(await first.ended, 0);
  t.is(first.stderr(), '');
  // As if it had ended while it hashed the kernel.
  const records = openSqlite(join(data, 'records.db'));
  const kernel = await records.asset(ready.id);
  if (!kernel) throw new Error('the kernel is gone');
  await changeAsset(
    records,
    { ...kernel, state: 'verifying' },
    { state: 'ready', upload_id: kernel.upload_id },
  );
  await records.close();

  const second = await startChild(t, { folder: first.folder });
  const ports = await second.ready;
  t.deepEqual(await secrets(), made);
  await until(async () => (await ask(ports.boot, '/assets/k:1:x86_64/kernel')).text === 'kernel');
  const again = await adminOf(second);
  expectStatus(await again.admin(`/api/v1/uploads/${upload.id}/complete`, {}), 200);
  t.is((await ask(ports.boot, '/initrd/k.img')).text, 'kernel');
});

test('a process loads no plane that it does not serve, and no job where it only boots', async (t) => {
  const folder = await temporaryFolder(t);
  const hook = join(folder, 'hook.mjs');
  await writeFile(
    hook,
    `import { appendFileSync } from 'node:fs';
    import { registerHooks } from 'node:module';
    registerHooks({ load: (url, context, next) => (appendFileSync('loaded', url + '\\n'), next(url, context)) });`,
  );
  const loadedBy = async (roles: string) => {
    await rm(join(folder, 'loaded'), { force: true });
    const env = { NODE_OPTIONS: `--import=${hook}`, BROKER_ROLES: roles };
    const child = await startChild(t, { folder, env });
    const { boot } = await child.ready;
    if (boot) t.is((await ask(boot, '/healthz')).status, 200);
    child.kill('SIGTERM');
    t.is(await child.ended, 0);
    const urls = (await readFile(join(folder, 'loaded'), 'utf8')).split('\n');
    return [...new Set(urls.flatMap((url) => /\/src\/(.+)$/.exec(url)?.[1] ?? []))];
  };
  const isBehind = (path: string) => path.startsWith('jobs/') || path.startsWith('http/admin/');
  t.deepEqual((await loadedBy('boot')).filter(isBehind), []);
  const byJobs = await loadedBy('jobs');
  t.deepEqual(
    byJobs.filter((path) => path.startsWith('http/')),
    [],
  );
  t.true(byJobs.includes('jobs/jobs.ts'), 'the hook sees what is loaded');
});

test('nothing that it writes in a whole session opens anything', async (t) => {
  const child = await startChild(t, { env: { BROKER_LOG_LEVEL: 'trace' } });
  const { boot, admin, storage } = await child.ready;
  const api = await adminOf(child);
  const bytes = Buffer.alloc(1000, 'k');
  await push(api, { kind: 'kernel', name: 'k', bytes });
  const { id } = await addMachine(api, { macs: ['52:54:00:aa:bb:01'] });
  const profile = await addProfile(api, { name: 'p', machine_id: id, kernel: 'k@1' });
  await ask(boot, '/boot.ipxe?mac=52-54-00-aa-bb-01', ipxe);
  const redirected = await ask(boot, `/asset/${profile.id}/kernel?machine=${id}`, ipxe);
  const signature = new URL(redirected.headers.location ?? '').searchParams.get('X-Goog-Signature') ?? '';
  t.regex(signature, /^[0-9a-f]{64}$/);
  await ask(storage, redirected.headers.location?.replace(/^http:\/\/[^/]+/, '') ?? '');
  await ask(boot, `/asset/${profile.id}/kernel`);
  await ask(boot, `/boot.ipxe?X-Goog-Signature=${signature}`, ipxe);
  await ask(boot, `/nothing?upload_id=secret-session&X-Goog-Signature=${signature}`);
  await ask(boot, '/', { userAgent: `X-Goog-Signature=${signature}` });
  const wrong = await announce(api, {
    kind: 'initrd',
    name: 'k',
    bytes,
    announced: { sha256: '0'.repeat(64) },
  });
  await send(wrong, bytes);
  await api.admin(`/api/v1/uploads/${wrong.id}/complete`, {});
  await api.admin('/api/v1/explain?mac=52:54:00:aa:bb:01&user_agent=iPXE/2.0');
  await ask(admin, '/api/v1/machines', { headers: { Authorization: 'Bearer another-secret-token' } });
  child.kill('SIGTERM');
  await child.ended;

  const secrets = await Promise.all(
    ['admin-token', 'hmac-secret', 'storage-token'].map((name) =>
      readFile(join(child.folder, 'data', name), 'utf8'),
    ),
  );
  const told = child.stdout() + child.stderr();
  t.true(child.lines().length > 20);
  for (const secret of [
    ...secrets.map((text) => text.trim()),
    signature,
    'another-secret-token',
    'secret-session',
  ])
    t.false(told.includes(secret), secret);
  t.notRegex(told, /upload_id=(?!\.\.\.)|Signature=(?!\.\.\.)/);
});

test('SIGTERM lets a running transfer end, and waits for nothing else', async (t) => {
  const child = await startChild(t);
  const { boot } = await child.ready;
  const size = 30_000_000;
  await push(await adminOf(child), { kind: 'kernel', name: 'k', bytes: Buffer.alloc(size) });
  const agent = new Agent({ keepAlive: true });
  t.teardown(() => agent.destroy());
  const received = new Promise<number>((resolve, reject) => {
    request({ port: boot, path: '/assets/k:1:x86_64/kernel', agent }, (response) => {
      let bytes = 0;
      response.pause();
      response.on('data', (chunk) => {
        bytes += chunk.length;
      });
      response.on('end', () => resolve(bytes)).on('error', reject);
      child.kill('SIGTERM');
      void until(() => child.lines().some(({ message }) => String(message).startsWith('stopping'))).then(() =>
        response.resume(),
      );
    })
      .on('error', reject)
      .end();
  });
  t.is(await received, size);
  const done = performance.now();
  t.is(await child.ended, 0);
  // The connection that the client keeps would stay for 75 s, and is cut after 10.
  t.true(performance.now() - done < 9_000);
  t.deepEqual(
    child.lines().filter(({ level }) => level === 'error' || level === 'warn'),
    [],
  );
});

test('the second signal does not wait', async (t) => {
  const child = await startChild(t);
  const { boot } = await child.ready;
  await push(await adminOf(child), { kind: 'kernel', name: 'k', bytes: Buffer.alloc(40_000_000) });
  const socket = await dial(boot, 'GET /assets/k:1:x86_64/kernel HTTP/1.1\r\nHost: a\r\n\r\n');
  await new Promise((resolve) => socket.once('readable', resolve));
  child.kill('SIGINT');
  await until(() => child.lines().some(({ message }) => String(message).startsWith('stopping')));
  child.kill('SIGINT');
  t.is(await child.ended, 130);
});

for (const setting of ['BROKER_LISTEN', 'BROKER_ADMIN_LISTEN', 'BROKER_STORAGE_LISTEN'])
  test(`a port of ${setting} that is taken is told with the setting, and is exit code 3`, async (t) => {
    const holder = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => holder.once('listening', resolve));
    t.teardown(() => holder.close());
    const { port } = holder.address() as AddressInfo;
    const child = await startChild(t, { env: { [setting]: `127.0.0.1:${port}` } });
    t.is(await child.ended, 3);
    const [told = ''] = child.stderr().split('\n');
    t.regex(told, new RegExp(`^bootbroker: .*127\\.0\\.0\\.1.*${port}.*${setting}`));
  });

test('mistakes in settings are told together, and are exit code 2', async (t) => {
  const child = await startChild(t, { env: { BROKER_LISTEN: 'x', BROKER_NOPE: '1', BROKER_ROLES: 'king' } });
  t.is(await child.ended, 2);
  t.is(child.stderr().trim().split('\n').length, 3);
  t.deepEqual(await readdir(child.folder), []);
});

test('records that are no records are refused, and left as they are', async (t) => {
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, 'data'));
  const file = join(folder, 'data', 'records.db');
  await writeFile(file, 'what somebody put here '.repeat(500));
  const before = await readFile(file, 'utf8');
  const child = await startChild(t, { folder });
  t.is(await child.ended, 3);
  t.regex(
    child.stderr(),
    /^bootbroker: records: opening .*records\.db failed: file is not a database\. Look at BROKER_DATA_DIR\n$/,
  );
  t.is(await readFile(file, 'utf8'), before);
});

test('when the storage dies the broker stops, with exit code 3', async (t) => {
  const kill = "process.on('worker', (worker) => process.on('SIGUSR2', () => worker.terminate()))";
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(kill)}` };
  const child = await startChild(t, { env });
  await child.ready;
  child.kill('SIGUSR2');
  t.is(await child.ended, 3);
  t.like(child.lines().at(-1), { level: 'error', message: 'the embedded storage failed: the broker stops' });
});

const asRoot = needing(root);
asRoot('a data folder that may not be written to is told, with the setting', async (t) => {
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, 'data'));
  await chmod(folder, 0o755);
  const child = await startChild(t, { folder, uid: 65_534 });
  t.is(await child.ended, 3);
  t.regex(child.stderr(), /^bootbroker: EACCES: permission denied, .*data.*\. Look at BROKER_DATA_DIR\n$/);
});

const mounting = needing(root, command('mount'), command('umount'));
mounting(
  'a full disk stops nothing for good: what cannot be kept is refused, what was kept stays',
  async (t) => {
    const folder = await temporaryFolder(t);
    const data = join(folder, 'data');
    await mkdir(data);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', data]);
    t.teardown(() => execFileSync('umount', [data]));
    const child = await startChild(t, { folder });
    const { boot } = await child.ready;
    const api = await adminOf(child);
    const bytes = Buffer.alloc(100_000, 'k');
    await push(api, { kind: 'kernel', name: 'k', bytes });
    await addMachine(api, { macs: ['52:54:00:aa:bb:01'] });

    const ballast = join(data, 'ballast');
    await t.throwsAsync(writeFile(ballast, Buffer.alloc(4_000_000)), { code: 'ENOSPC' });
    const report = () =>
      ask(boot, '/report/up?mac=52-54-00-aa-bb-01', { method: 'POST', body: 'x'.repeat(16_000) });
    let full = await report();
    for (let n = 0; n < 50 && full.status === 200; n += 1)
      full = await ask(boot, `/report/up-${n}?mac=52-54-00-aa-bb-01`, {
        method: 'POST',
        body: 'x'.repeat(16_000),
      });
    t.deepEqual([full.status, full.json.type], [503, 'urn:bootbroker:problem:store-down']);
    t.regex(full.json.detail, /^The disk of the records is full, and nothing was changed\. Make room/);
    const kept = { kind: 'kernel', name: 'more', bytes } as const;
    t.is((await api.admin('/api/v1/uploads', announcement(kept))).status, 503);
    t.is((await api.admin('/api/v1/machines', { macs: ['52:54:00:aa:bb:02'] })).status, 503);
    t.is((await ask(boot, '/assets/k:1:x86_64/kernel')).body.length, bytes.length);
    t.is(
      (await ask(boot, '/boot.ipxe?mac=52-54-00-aa-bb-01', ipxe)).json.type,
      'urn:bootbroker:problem:no-profile',
    );

    await rm(ballast);
    t.is((await report()).status, 200);
    child.kill('SIGTERM');
    t.is(await child.ended, 0);
    const again = await startChild(t, { folder });
    const ports = await again.ready;
    t.deepEqual((await ask(ports.boot, '/assets/k:1:x86_64/kernel')).body, bytes);
    t.is((await (await adminOf(again)).admin('/api/v1/machines')).json.items.length, 1);
    again.kill('SIGTERM');
    t.is(await again.ended, 0);
  },
);

mounting('a disk that is full from the start is told, and nothing of it is taken for data', async (t) => {
  const folder = await temporaryFolder(t);
  const data = join(folder, 'data');
  await mkdir(data);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', data]);
  t.teardown(() => execFileSync('umount', [data]));
  const child = await startChild(t, { folder });
  t.is(await child.ended, 3);
  t.regex(child.stderr(), /^bootbroker: .*(full|ENOSPC).*BROKER_DATA_DIR\n$/);
  execFileSync('mount', ['-o', 'remount,size=10m', data]);
  const again = await startChild(t, { folder });
  await again.ready;
  again.kill('SIGTERM');
  t.is(await again.ended, 0);
});
