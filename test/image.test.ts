import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { glob, lstat, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { parseDockerfile } from './image/dockerfile.ts';
import { type Laid, layOut, start } from './image/layout.ts';
import { askAdmin, push } from './support/broker.ts';
import { ask } from './support/http.ts';
import { command, needing, root } from './support/needs.ts';

const context = fileURLToPath(new URL('../', import.meta.url));
const test = needing(root, command('unshare'), command('mount'), command('chroot'), command('npm'));

let folder: string;
let image: Laid;
let data: readonly string[];

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bootbroker-image-'));
  image = await layOut(context, folder);
  data = await filesOf('data');
});

test.after.always(() => rm(folder, { recursive: true, force: true }));

async function filesOf(path: string): Promise<string[]> {
  return Array.fromAsync(glob('**/*', { cwd: join(image.root, path) }));
}

test('the base image is named by its digest, the same in every stage', (t) => {
  const images = parseDockerfile(readFileSync(join(context, 'Dockerfile'), 'utf8')).map(
    (stage) => stage.image,
  );
  t.is(images.length, 2);
  t.is(new Set(images).size, 1);
  t.regex(images[0] ?? '', /^node:26-slim@sha256:[0-9a-f]{64}$/);
});

test('the image has what runs, and nothing else', async (t) => {
  const files = await filesOf('app');
  const top = (await readdir(join(image.root, 'app'))).toSorted();
  t.deepEqual(top, ['.compile-cache', 'LICENSE', 'bin', 'node_modules', 'package.json', 'src']);
  const sources = await Array.fromAsync(glob('{src,bin}/**/*', { cwd: context }));
  t.deepEqual(files.filter((file) => /^(src|bin)\//.test(file)).toSorted(), sources.toSorted());
  t.deepEqual(data, []);
  const cached = (await filesOf('app/.compile-cache')).map((file) => `.compile-cache/${file}`);
  const sizes = await Promise.all(
    [...files, ...cached].map(async (file) => (await describe(`app/${file}`)).size),
  );
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  t.log(`${Math.round(bytes / 1e6)} MB on top of the base image, in ${files.length + cached.length} files`);
  t.true(bytes < 150_000_000);
});

test('of the packages it has those that are needed to run, without another node', async (t) => {
  const { packages } = JSON.parse(readFileSync(join(context, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; optional?: boolean }>;
  };
  const there = (await filesOf('app/node_modules'))
    .filter((file) => /(^|\/)(?:@[^/]+\/)?[^/@]+\/package\.json$/.test(file))
    .map((file) => `node_modules/${file.replace(/\/package\.json$/, '')}`);
  const locked = there.filter((path) => path in packages);
  t.true(locked.includes('node_modules/koa'));
  t.deepEqual(
    locked.filter((path) => packages[path]?.dev || path.includes('node-linux')),
    [],
  );
  const needed = Object.entries(packages).filter(([path, { dev, optional }]) => path && !dev && !optional);
  t.deepEqual(
    needed.map(([path]) => path).filter((path) => !locked.includes(path)),
    [],
  );
});

test('everything belongs to root and nobody else may change it; only the data belongs to the user', async (t) => {
  t.is(image.user, 'node');
  for (const file of await filesOf('app')) {
    const { uid, mode, isSymbolicLink } = await describe(join('app', file));
    t.is(uid, 0, file);
    if (!isSymbolicLink) t.is(mode & 0o022, 0, file);
    t.is(mode & 0o6000, 0, file);
  }
  t.like(await describe('data'), { uid: 1000, mode: 0o700 });
});

async function describe(path: string) {
  const found = await lstat(join(image.root, path));
  return {
    uid: found.uid,
    size: found.size,
    mode: found.mode & 0o7777,
    isSymbolicLink: found.isSymbolicLink(),
  };
}

/** Runs something in the image, as its user and in its environment, and waits for the end. */
async function run(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = start(
    { ...image, env: { ...image.env, ...env }, command: words },
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  if (!child.stdout || !child.stderr) throw new Error('no pipes');
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { stdout, stderr, code };
}

test('its user can write where the data goes, and nowhere in the program', async (t) => {
  t.is((await run(['id', '-u'])).stdout, '1000\n');
  t.is((await run(['touch', '/data/x'])).code, 0);
  t.is((await run(['rm', '/data/x'])).code, 0);
  for (const path of ['/app/x', '/app/src/x', '/app/.compile-cache/x', '/app/src/main.ts'])
    t.not((await run(['sh', '-c', `echo x >> ${path}`])).code, 0, path);
});

test('it starts from the compile cache that it was built with', async (t) => {
  const env = { NODE_DEBUG_NATIVE: 'COMPILE_CACHE', BROKER_ROLES: 'no such role' };
  const { code, stdout, stderr } = await run(image.command, env);
  t.is(code, 2);
  const said = (stdout + stderr).split('\n').filter((line) => line.includes('/app/src/'));
  t.true(
    said.some((line) => /reading cache from .* success/.test(line) && line.includes('main.ts')),
    said[0],
  );
  t.deepEqual(
    said.filter((line) => /cache.*(mismatch|rejected|failed)/i.test(line)),
    [],
  );
});

test('the server runs from it, read-only but for its data and without a right to gain: healthy, and a redirect', async (t) => {
  const { ports, token, stop } = await serve(t);
  t.is((await ask(ports.boot, '/healthz')).status, 200);
  const bytes = Buffer.from('the kernel');
  const admin = (target: string, json?: unknown) => askAdmin(ports.admin, token, target, json);
  await push({ admin }, { kind: 'kernel', name: 'k', bytes });
  const { status, headers } = await ask(ports.boot, '/assets/k:1:x86_64/kernel', { userAgent: 'curl/8.0' });
  t.is(status, 302);
  t.deepEqual(Buffer.from(await (await fetch(String(headers.location))).arrayBuffer()), bytes);
  t.is(await stop(), 0);
});

/** The image's own command with the image's own environment; only the ports are any. It runs as docs/deploy/container.md has it. */
async function serve(t: ExecutionContext) {
  const listen = ['LISTEN', 'ADMIN_LISTEN', 'STORAGE_LISTEN'].map((name) => [
    `BROKER_${name}`,
    '127.0.0.1:0',
  ]);
  const env = { ...image.env, ...Object.fromEntries(listen) };
  const command = ['setpriv', '--no-new-privs', ...image.command];
  const readOnlyBut = ['/data', '/tmp'];
  const child = start({ ...image, env, command, readOnlyBut }, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  t.teardown(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  if (!child.stdout) throw new Error('no pipe');
  const ports: Record<string, number> = {};
  for await (const line of createInterface({ input: child.stdout })) {
    const { listener, port, message } = JSON.parse(line);
    if (listener) ports[listener] = port;
    if (message === 'ready') break;
  }
  child.stdout.resume();
  const token = (await readFile(join(image.root, 'data/admin-token'), 'utf8')).trim();
  return {
    ports: ports as { boot: number; admin: number },
    token,
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}
