import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { kindOf } from '../../src/cli/fetch/file-kind.ts';
import { command, type Ran } from './command.ts';
import { type FakeBroker, fakeBroker } from './fake-broker.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

interface Context {
  readonly dir: string;
  readonly broker: FakeBroker;
  readonly run: (...args: string[]) => Promise<Ran>;
  /** A file below the folder. */
  readonly file: (path: string, bytes?: Buffer) => Promise<string>;
  /** Origin of a server that answers so; what it was asked. */
  readonly serve: (handler: Handler) => Promise<{ origin: string; asked: IncomingMessage[] }>;
}
async function setUp(t: ExecutionContext): Promise<Context> {
  const dir = await mkdtemp(join(tmpdir(), 'broker-import-'));
  const broker = await fakeBroker();
  t.teardown(async () => {
    await broker.close();
    await rm(dir, { recursive: true, force: true });
  });
  return {
    dir,
    broker,
    run: command({ url: broker.origin, token: broker.token, dir }),
    file: async (path, bytes = randomBytes(1000)) => {
      const whole = join(dir, path);
      await mkdir(dirname(whole), { recursive: true });
      await writeFile(whole, bytes);
      return whole;
    },
    serve: async (handler) => {
      const asked: IncomingMessage[] = [];
      const server = createServer((request, response) => {
        asked.push(request);
        handler(request, response);
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      t.teardown(() => {
        server.close();
        server.closeAllConnections();
      });
      return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
    },
  };
}

const named = (broker: FakeBroker) =>
  [...broker.assets.values()]
    .map(({ kind, name, version, arch }) => `${kind} ${name}@${version} ${arch}`)
    .sort();
const image = ['--name', 'debian-12', '--version', '12.5'];

test('a tree of NAME/VERSION/ARCH/FILE becomes assets, and what says nothing is named', async (t) => {
  const { dir, file, run, broker } = await setUp(t);
  const kernel = randomBytes(3000);
  await file('images/debian/12/vmlinuz-6.1.0', kernel);
  await file('images/debian/12/initrd.img');
  await file('images/debian/12/arm64/Image');
  await file('images/ipxe/1/snponly.efi');
  await file('images/live/7/x86_64/filesystem.squashfs');
  await file('images/debian/12/SHA256SUMS');
  await file('images/README');
  await symlink('vmlinuz-6.1.0', join(dir, 'images/debian/12/latest'));
  const { code, stdout, stderr } = await run('asset', 'import', join(dir, 'images'));
  t.is(code, 0, stderr);
  t.deepEqual(named(broker), [
    'efi ipxe@1 x86_64',
    'initrd debian@12 x86_64',
    'kernel debian@12 arm64',
    'kernel debian@12 x86_64',
    'rootfs live@7 x86_64',
  ]);
  const pushed = [...broker.assets.values()].find(({ size }) => size === kernel.length);
  t.true(broker.bytesOf(pushed?.id ?? '')?.equals(kernel));
  t.is(stdout.match(/ is ready: /g)?.length, 5);
  t.deepEqual(stderr.match(/^skipped .*\/(README|SHA256SUMS|latest): /gm)?.length, 3);
  const again = await run('asset', 'import', join(dir, 'images'), '--json');
  t.is(again.code, 0);
  t.true(JSON.parse(again.stdout).items.every(({ outcome }: { outcome: string }) => outcome === 'there'));
});

test('folders are called as distributions call architectures; what is wrong with a tree is said all at once', async (t) => {
  const { dir, file, run, broker } = await setUp(t);
  await file('ok/debian/12/amd64/vmlinuz');
  await file('ok/debian/12/aarch64/Image');
  await file('ok/k3s/v1.30+k3s1/x64/linux');
  await file('ok/epoch/1:6.1~rc1/ARM64/initrd.img');
  const { code, stderr } = await run('asset', 'import', join(dir, 'ok'));
  t.is(code, 0, stderr);
  t.deepEqual(named(broker), [
    'initrd epoch@1:6.1~rc1 arm64',
    'kernel debian@12 arm64',
    'kernel debian@12 x86_64',
    'kernel k3s@v1.30+k3s1 x86_64',
  ]);
  const before = broker.seen.uploads;
  await file('bad/my os/1/vmlinuz');
  await file('bad/my os/1/initrd');
  await file('bad/your os/1/amd64/vmlinuz');
  await file('bad/fine/24 04/initrd');
  await file('bad/twice/1/vmlinuz');
  await file('bad/twice/1/amd64/linux');
  const bad = await run('asset', 'import', join(dir, 'bad'));
  t.is(bad.code, 2);
  for (const fault of [
    /4 mistakes, and nothing was imported/,
    /the folder my os is no name/,
    /the folder your os is no name/,
    /the folder 24 04 is no version/,
    /would both be kernel twice@1 for x86_64/,
  ])
    t.regex(bad.stderr, fault);
  t.is(broker.seen.uploads, before);
});

test('a page, an error or nothing in the place of a kernel is refused, from a server and from a file, and said what it is', async (t) => {
  const { run, file, serve, broker } = await setUp(t);
  const answers: readonly (readonly [string | undefined, string | Buffer, RegExp])[] = [
    ['text/html; charset=utf-8', 'whatever', /an HTML page \(text\/html\), which is no initrd/],
    [undefined, '<!DOCTYPE html><title>Log in</title>', /with an HTML page/],
    ['application/octet-stream', '\uFEFF\r\n  <HTML>Index of /pub', /with an HTML page/],
    [undefined, Buffer.from('\uFEFF<html>', 'utf16le'), /with an HTML page/],
    ['application/json', '{}', /with application\/json/],
    ['application/problem+json', 'x', /with application\/problem\+json/],
    [undefined, '{"error": "unauthorized"}', /with JSON/],
    [undefined, '[{"name": "initrd.gz"}]', /with JSON/],
    [undefined, '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', /with XML/],
    ['text/plain', 'Not found\n', /with text/],
    [undefined, 'version https://git-lfs.github.com/spec/v1\noid sha256:0', /with a pointer of Git LFS/],
    [undefined, '', /with nothing at all/],
  ];
  let next: (typeof answers)[number] | undefined;
  const { origin } = await serve((_, response) => {
    response.writeHead(200, next?.[0] ? { 'content-type': next[0] } : {}).end(next?.[1]);
  });
  for (const [n, answer] of answers.entries()) {
    next = answer;
    const [type, body, wanted] = answer;
    const { code, stderr } = await run('asset', 'import', `${origin}/${n}/initrd.gz`, ...image);
    t.is(code, 1, stderr);
    t.regex(stderr.replaceAll(/\s+/g, ' '), wanted);
    if (type !== undefined || body.length === 0) continue;
    const local = await run('asset', 'import', await file(`${n}/initrd.gz`, Buffer.from(body)), ...image);
    t.deepEqual(
      [local.code, / is (an HTML page|XML|JSON|a pointer)/.test(local.stderr)],
      [1, true],
      local.stderr,
    );
  }
  t.is(broker.seen.uploads, 0);

  // What only says that it is text may be a kernel; and a file may be a page.
  next = ['text/plain', randomBytes(600), /./];
  t.is((await run('asset', 'import', `${origin}/fine/initrd.gz`, ...image)).code, 0);
  next = ['text/html', '<!doctype html>', /./];
  t.is((await run('asset', 'import', `${origin}/page.html`, '--kind', 'file', ...image)).code, 0);
  // After the login the same address has it.
  next = [undefined, randomBytes(600), /./];
  t.is((await run('asset', 'import', `${origin}/0/initrd.gz`, '--name', 'late', '--version', '1')).code, 0);
  const page = await file('page/vmlinuz', Buffer.from('<html>'));
  const pushed = await run('asset', 'push', page, '--kind', 'kernel', '--name', 'p', '--version', '1');
  t.deepEqual([pushed.code, /is an HTML page, and no kernel/.test(pushed.stderr)], [1, true]);
});

test('of a chain shim is first and has no filename, whatever it is called; files each have their own', async (t) => {
  const { dir, file, run, broker } = await setUp(t);
  for (const name of ['shimx64.efi', 'grubx64.efi', 'mmx64.efi']) await file(`tree/secure/1/amd64/${name}`);
  for (const name of ['ipxe-shimaa64.efi', 'ipxe.efi']) await file(`tree/ipxe/2/arm64/${name}`);
  await file('tree/plain/1/snponly.efi');
  const { code, stderr } = await run('asset', 'import', join(dir, 'tree'));
  t.is(code, 0, stderr);
  const all = [...broker.assets.values()].map(({ name, arch, filename }) => [name, arch, filename]);
  const sorted = (list: unknown[][]) => list.map((one) => one.join(' ')).sort();
  t.deepEqual(
    sorted(all),
    sorted([
      ['secure', 'x86_64', undefined],
      ['secure', 'x86_64', 'grubx64.efi'],
      ['secure', 'x86_64', 'mmx64.efi'],
      ['ipxe', 'arm64', undefined],
      ['ipxe', 'arm64', 'ipxe.efi'],
      ['plain', 'x86_64', undefined],
    ]),
  );
  // What firmware gets first came last.
  t.deepEqual(
    all.slice(0, 3).map(([, , filename]) => filename),
    ['ipxe.efi', 'grubx64.efi', 'mmx64.efi'],
  );
  for (const name of ['a.cfg', 'b.cfg']) await file(`files/${name}`);
  const files = await run('asset', 'import', join(dir, 'files'), '--kind', 'file', ...image);
  t.is(files.code, 0, files.stderr);
  t.deepEqual(
    [...broker.assets.values()].flatMap(({ kind, filename }) => (kind === 'file' ? filename : [])),
    ['a.cfg', 'b.cfg'],
  );
  for (const name of ['one.efi', 'other.efi']) await file(`unclear/${name}`);
  const unclear = await run('asset', 'import', join(dir, 'unclear'), ...image);
  t.is(unclear.code, 2);
  t.regex(unclear.stderr, /would both be efi debian-12@12\.5.*push it with --filename/s);
});

test('an import that finds nothing says what it looked for, and what it found instead', async (t) => {
  const { dir, file, run } = await setUp(t);
  await mkdir(join(dir, 'empty'));
  await file('deep/a/b/c/d/vmlinuz');
  await file('flat/vmlinuz');
  await file('other/debian/12/riscv64/vmlinuz');
  await file('notes/README');
  const cases: [string[], RegExp][] = [
    [['empty'], /it has no file at all; it needs NAME\/VERSION\/FILE or NAME\/VERSION\/ARCH\/FILE/],
    [['deep'], /it has a\/b\/c\/d\/vmlinuz; it needs NAME/],
    [['flat'], /it has vmlinuz; it needs NAME.*or give --name and --version/],
    [['other'], /it has debian\/12\/riscv64\/vmlinuz; it needs NAME/],
    [['notes', ...image], /it has README; it needs a file named as vmlinuz, .*say what they are with --kind/],
  ];
  for (const [[folder = '', ...args], wanted] of cases) {
    const { code, stderr } = await run('asset', 'import', join(dir, folder), ...args);
    t.is(code, 2, folder);
    t.regex(stderr.replaceAll(/\s+/g, ' '), wanted);
  }
});

test('with --name and --version a folder, files and URLs are one image', async (t) => {
  const { broker, file, run, serve } = await setUp(t);
  const { origin } = await serve((_, response) => response.end('a kernel'));
  const initrd = await file('one/initrd.gz');
  const { code, stderr } = await run('asset', 'import', `${origin}/pub/linux?token=secret`, initrd, ...image);
  t.is(code, 0, stderr);
  t.deepEqual(named(broker), ['initrd debian-12@12.5 x86_64', 'kernel debian-12@12.5 x86_64']);
  t.notRegex(stderr, /secret/);
  const folder = await run(
    'asset',
    'import',
    dirname(initrd),
    '--name',
    'other',
    '--version',
    '1',
    '--arch',
    'arm64',
  );
  t.is(folder.code, 0, folder.stderr);
  t.true(named(broker).includes('initrd other@1 arm64'));
});

test('what cannot be imported is wrong usage, and nothing is sent', async (t) => {
  const { dir, file, run, broker } = await setUp(t);
  const kernel = await file('k/vmlinuz');
  await file('twice/a/1/vmlinuz');
  await file('twice/a/1/linux');
  await file('bad name/1/vmlinuz');
  await file('secret/key');
  await file('out/a/1/initrd');
  await symlink(join(dir, 'secret/key'), join(dir, 'out/a/1/vmlinuz'));
  await file('up/a/1/initrd');
  await symlink('../../../../secret', join(dir, 'up/a/1/vmlinuz'));
  await file('dangling/a/1/initrd');
  await symlink('nowhere', join(dir, 'dangling/a/1/vmlinuz'));
  await mkdir(join(dir, 'none'));
  const cases: [string[], RegExp][] = [
    [[join(dir, 'out')], /vmlinuz is a link that leads out of /],
    [[join(dir, 'up')], /vmlinuz is a link that leads out of /],
    [[join(dir, 'dangling')], /vmlinuz is a link that leads out of /],
    [[join(dir, 'twice')], /would both be kernel a@1 for x86_64/],
    [[join(dir, 'none')], /there is nothing to import in /],
    [[join(dir, 'missing')], /cannot be read \(ENOENT\)/],
    [[kernel], /needs --name and --version/],
    [[join(dir, 'k'), '--name', '../x', '--version', '1'], /--name \.\.\/x is no name/],
    [[kernel, '--name', '../x', '--version', '1'], /--name \.\.\/x is no name/],
    [[join(dir, 'bad name'), '--kind', 'kernel'], /nothing to import/],
    [[join(dir, 'k'), ...image, '--kind', 'initrd', kernel], /would both be initrd/],
    [['ftp://example.org/linux', ...image], /is no http, https or file URL/],
    [['https://me:secret@example.org/linux', ...image], /a URL with a password/],
    [['https://example.org/something', ...image], /does not say what it is; say it with --kind/],
    [[kernel, join(dir, 'k'), '--sha256', 'a'.repeat(64), ...image], /would both be|for one source alone/],
    [[kernel, '--sha256', 'abc', ...image], /64 lower-case hex digits/],
  ];
  for (const [args, wanted] of cases) {
    const { code, stderr } = await run('asset', 'import', ...args);
    t.is(code, 2, `${args}: ${stderr}`);
    t.regex(stderr, wanted);
    t.notRegex(stderr, /me:secret/);
  }
  t.is(broker.seen.uploads, 0);
});

const kernel = randomBytes(3_000_000);
/** Serves the kernel as a good server does: with ranges and conditions on its ETag. */
const good =
  (cutAfter: () => number | undefined = () => undefined): Handler =>
  (request, response) => {
    const etag = '"kernel-1"';
    if (request.headers['if-none-match'] === etag) return void response.writeHead(304).end();
    const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
    const start = from !== undefined && request.headers['if-range'] === etag ? Number(from) : 0;
    const range =
      start > 0 ? { 'content-range': `bytes ${start}-${kernel.length - 1}/${kernel.length}` } : {};
    response.writeHead(start > 0 ? 206 : 200, { etag, 'content-length': kernel.length - start, ...range });
    const cut = cutAfter();
    if (cut === undefined) return void response.end(kernel.subarray(start));
    response.write(kernel.subarray(start, start + cut), () => response.destroy());
  };

test('a download that breaks off goes on where it was, and its bytes are the announced ones', async (t) => {
  const { run, serve, broker } = await setUp(t);
  const cuts = [1_000_000, 1_000_000];
  const { origin, asked } = await serve(good(() => cuts.shift()));
  const sha256 = createHash('sha256').update(kernel).digest('hex');
  const { code, stderr } = await run('asset', 'import', `${origin}/linux`, ...image, '--sha256', sha256);
  t.is(code, 0, stderr);
  const [asset] = broker.assets.values();
  t.true(broker.bytesOf(asset?.id ?? '')?.equals(kernel));
  const begun = asked.map(({ headers }) => headers.range);
  t.is(begun[0], undefined);
  t.true(
    begun.slice(1).every((range) => /^bytes=[1-9]\d*-$/.test(range ?? '')),
    String(begun),
  );
  t.is(begun.length, 3);
});

test('what was fetched is not fetched again when only the push failed, and goes when it is an asset', async (t) => {
  const { dir, run, serve, broker } = await setUp(t);
  const { origin, asked } = await serve(good());
  for (let i = 0; i < 12; i++) broker.faults.push({ kind: 'status', status: 500 });
  const args = ['asset', 'import', `${origin}/linux`, ...image] as const;
  t.is((await run(...args)).code, 3);
  const kept = async () => (await readdir(join(dir, 'state', 'imports'))).length;
  t.is(await kept(), 2);
  broker.faults.length = 0;
  t.is((await run(...args)).code, 0);
  t.deepEqual(
    asked.map(({ headers }) => headers['if-none-match']),
    [undefined, '"kernel-1"'],
  );
  t.is(await kept(), 0);
});

test('a file that changed on its server meanwhile is fetched from its start', async (t) => {
  const { run, serve, broker } = await setUp(t);
  let turn = 0;
  const newer = randomBytes(500_000);
  const { origin } = await serve((request, response) => {
    turn += 1;
    if (turn === 1) return good(() => 1_000_000)(request, response);
    t.is(request.headers['if-range'], '"kernel-1"');
    return void response.writeHead(200, { etag: '"kernel-2"', 'content-length': newer.length }).end(newer);
  });
  t.is((await run('asset', 'import', `${origin}/linux`, ...image)).code, 0);
  const [asset] = broker.assets.values();
  t.true(broker.bytesOf(asset?.id ?? '')?.equals(newer));
});

test('a server that says no, sends others’ bytes, or leads elsewhere is refused in words', async (t) => {
  const { run, serve, broker } = await setUp(t);
  const { origin } = await serve((request, response) => {
    const path = request.url ?? '';
    if (path === '/loop/linux') return void response.writeHead(302, { location: '/loop/linux' }).end();
    if (path === '/file/linux') return void response.writeHead(302, { location: 'file:///etc/passwd' }).end();
    if (path === '/gzip/linux') return void response.writeHead(200, { 'content-encoding': 'gzip' }).end('x');
    if (path === '/moved/linux') return void response.writeHead(307, { location: '/here/linux' }).end();
    if (path === '/here/linux') return void response.end('kernel');
    return void response.writeHead(404).end('no');
  });
  const cases: [string, string[], number, RegExp][] = [
    ['/missing/linux', [], 1, /\/missing\/linux answered 404; check the URL/],
    ['/loop/linux', [], 1, /redirects more than 5 times/],
    ['/file/linux', [], 1, /redirects to somewhere that is not https/],
    ['/gzip/linux', [], 1, /sends it compressed/],
    [
      '/here/linux',
      ['--sha256', '0'.repeat(64)],
      1,
      /has the sha256 [0-9a-f]{64}, not 0{64}; nothing of it is an asset/,
    ],
  ];
  for (const [path, more, wanted, text] of cases) {
    const { code, stderr } = await run('asset', 'import', origin + path, ...image, ...more);
    t.is(code, wanted, stderr);
    t.regex(stderr, text);
  }
  t.is(broker.seen.uploads, 0);
  t.is((await run('asset', 'import', `${origin}/moved/linux`, ...image)).code, 0);
});

test('the kinds that names say', (t) => {
  const said = [
    'vmlinuz',
    'vmlinuz-6.1',
    'bzImage',
    'linux',
    'k.kernel',
    'initrd.gz',
    'initramfs-6.1.img',
    'a.EFI',
    'x.iso',
    'rootfs.tar',
    'fs.squashfs',
    'linuxrc',
    'notes.txt',
  ];
  t.deepEqual(said.map(kindOf), [
    'kernel',
    'kernel',
    'kernel',
    'kernel',
    'kernel',
    'initrd',
    'initrd',
    'efi',
    'iso',
    'rootfs',
    'rootfs',
    undefined,
    undefined,
  ]);
});
