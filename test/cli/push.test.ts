import { createHash, randomBytes, randomInt } from 'node:crypto';
import { appendFile, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { command, type Ran } from './command.ts';
import { type FakeBroker, fakeBroker } from './fake-broker.ts';

const chunk = 8 * 1024 * 1024;
const size = 2 * chunk + 1_234_567;

interface Context {
  readonly dir: string;
  readonly path: string;
  readonly bytes: Buffer;
  readonly broker: FakeBroker;
  readonly states: () => Promise<string[]>;
  readonly push: (...more: string[]) => Promise<Ran>;
}
const test = anyTest as TestFn<Context>;

const pushOf = (path: string) =>
  ['asset', 'push', path, '--kind', 'kernel', '--name', 'debian-12', '--version', '6.1'] as const;

test.beforeEach(async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'broker-push-'));
  const path = join(dir, 'vmlinuz');
  const bytes = randomBytes(size);
  await writeFile(path, bytes);
  const broker = await fakeBroker();
  const run = command({ url: broker.origin, token: broker.token, dir });
  const uploads = join(dir, 'state', 'uploads');
  t.context = {
    dir,
    path,
    bytes,
    broker,
    states: async () => (await readdir(uploads).catch(() => [])).map((name) => join(uploads, name)),
    push: async (...more) => {
      const ran = await run(...pushOf(path), ...more);
      t.notRegex(ran.stdout + ran.stderr, /\/session\/|X-Goog-Signature/, 'a capability was printed');
      return ran;
    },
  };
});

test.afterEach.always(async (t) => {
  await t.context.broker.close();
  await rm(t.context.dir, { recursive: true, force: true });
});

test.serial('a file arrives byte for byte, and the push waits while the broker hashes it', async (t) => {
  const { broker, bytes, push, states } = t.context;
  broker.hashing = 3;
  const { code, stdout, stderr } = await push('--json');
  t.is(code, 0, stderr);
  const { outcome, resumed_at, asset } = JSON.parse(stdout);
  t.like({ outcome, resumed_at }, { outcome: 'pushed', resumed_at: 0 });
  t.like(asset, { state: 'ready', kind: 'kernel', name: 'debian-12', version: '6.1', arch: 'x86_64', size });
  t.is(asset.sha256, createHash('sha256').update(bytes).digest('hex'));
  t.true(broker.bytesOf(asset.id)?.equals(bytes));
  t.deepEqual(broker.puts, [0, chunk, 2 * chunk]);
  t.is(broker.seen.completes, 4);
  t.is(stderr, '', 'no progress where nobody watches');
  t.deepEqual(await states(), []);
});

test.serial(
  'a push outlives cuts at random offsets, answers of 503 and 429, and chunks that are kept in part',
  async (t) => {
    const { broker, bytes, push } = t.context;
    const cuts = [randomInt(chunk), randomInt(1000), randomInt(chunk)];
    t.log(`cuts after ${cuts.join(', ')} bytes`);
    broker.faults.push(
      { kind: 'cut', after: cuts[0] ?? 0 },
      { kind: 'status', status: 503 },
      { kind: 'cut', after: cuts[1] ?? 0 },
      { kind: 'keep', bytes: 256 * 1024 },
      { kind: 'status', status: 503, early: true },
      { kind: 'status', status: 429, headers: { 'retry-after': '7' } },
      { kind: 'cut', after: cuts[2] ?? 0 },
    );
    const { code, stderr } = await push();
    t.is(code, 0, stderr);
    t.deepEqual(broker.faults, []);
    const [asset] = broker.assets.values();
    t.true(broker.bytesOf(asset?.id ?? '')?.equals(bytes));
    t.is(broker.seen.starts, 1, 'all of it in one session');
  },
);

test.serial('a session that the storage lost is followed by a new upload', async (t) => {
  const { broker, bytes, push } = t.context;
  broker.faults.push({ kind: 'keep', bytes: chunk }, { kind: 'lose' });
  const { code, stderr } = await push();
  t.is(code, 0, stderr);
  t.is(broker.seen.uploads, 2);
  const [asset] = broker.assets.values();
  t.true(broker.bytesOf(asset?.id ?? '')?.equals(bytes));
});

test.serial('a storage that loses every session ends the push', async (t) => {
  const { broker, push } = t.context;
  for (let i = 0; i < 50; i++) broker.faults.push({ kind: 'lose' });
  const { code, stderr } = await push();
  t.is(code, 3);
  t.regex(stderr, /lost the upload session, 10 times in a row/);
});

test.serial(
  'after too many tries the push gives up, and the next call goes on where it stopped',
  async (t) => {
    const { broker, bytes, push, states } = t.context;
    broker.faults.push({ kind: 'keep', bytes: chunk });
    for (let i = 0; i < 10; i++) broker.faults.push({ kind: 'status', status: 500 });
    const first = await push();
    t.is(first.code, 3);
    t.regex(first.stderr, /answered 500, 10 times in a row; run the same command again/);

    const [state = ''] = await states();
    t.is((await stat(state)).mode & 0o777, 0o600);
    t.is((await stat(join(state, '..'))).mode & 0o777, 0o700);
    t.regex(await readFile(state, 'utf8'), /\/session\//);

    broker.puts.length = 0;
    const second = await push('--json');
    t.is(second.code, 0, second.stderr);
    t.is(JSON.parse(second.stdout).resumed_at, chunk);
    t.deepEqual(broker.puts, [chunk, 2 * chunk], 'what is stored is not sent again');
    t.is(broker.seen.uploads, 1);
    const [asset] = broker.assets.values();
    t.true(broker.bytesOf(asset?.id ?? '')?.equals(bytes));
    t.deepEqual(await states(), []);
  },
);

test.serial(
  'an earlier upload is not resumed when the broker no longer knows it, another took its place, or it is too old',
  async (t) => {
    const { broker, push, states } = t.context;
    const interrupt = async () => {
      broker.faults.push({ kind: 'keep', bytes: chunk });
      for (let i = 0; i < 10; i++) broker.faults.push({ kind: 'status', status: 500 });
      t.is((await push()).code, 3);
      broker.puts.length = 0;
    };
    await interrupt();
    broker.assets.clear();
    await interrupt();
    t.is(broker.seen.uploads, 2);
    const [id = '', asset] = [...broker.assets.entries()][0] ?? [];
    if (asset) broker.assets.set(id, { ...asset, upload_id: 'another' });
    await interrupt();
    t.is(broker.seen.uploads, 3);
    const [state = ''] = await states();
    const eightDaysAgo = new Date(Date.now() - 8 * 24 * 3600 * 1000);
    await utimes(state, eightDaysAgo, eightDaysAgo);
    t.is((await push()).code, 0);
    t.is(broker.seen.uploads, 4);
    t.is(broker.puts[0], 0);
  },
);

test.serial('the same bytes pushed again are there already, other bytes need a new version', async (t) => {
  const { broker, path, push } = t.context;
  t.is((await push()).code, 0);
  broker.puts.length = 0;
  const again = await push();
  t.is(again.code, 0);
  t.regex(again.stdout, /^kernel debian-12@6.1 for x86_64 is there already: 17\.2 MiB, sha256 /);
  await appendFile(path, 'more');
  const other = await push('--json');
  t.is(other.code, 1);
  t.regex(JSON.parse(other.stderr).error.message, /exists with other bytes .* under a new --version/);
  t.is(other.stdout, '');
  t.deepEqual(broker.puts, []);
});

test.serial('a file that changes while it is pushed is an error, and no asset', async (t) => {
  const { broker, path, push } = t.context;
  broker.faults.push({ kind: 'call', call: () => appendFile(path, 'x') });
  const { code, stderr } = await push();
  t.is(code, 3);
  t.regex(stderr, /changed while it was being pushed/);
  t.is(broker.seen.completes, 0);
});

test.serial(
  'bytes that arrive other than announced are refused, and the next call begins anew',
  async (t) => {
    const { broker, push, states } = t.context;
    broker.faults.push({
      kind: 'call',
      call: async () => {
        const [asset] = broker.assets.values();
        if (asset) broker.assets.set(asset.id, { ...asset, sha256: '0'.repeat(64) });
      },
    });
    const { code, stderr } = await push();
    t.is(code, 1);
    t.regex(stderr, /upload-mismatch/);
    t.deepEqual(await states(), []);
  },
);

test.serial('a storage that will not start the upload is named with its code', async (t) => {
  const { broker, push } = t.context;
  const { set } = broker.assets;
  broker.assets.set = (id, asset) => set.call(broker.assets, id, { ...asset, upload_id: 'unknown' });
  const { code, stderr } = await push();
  t.is(code, 1);
  t.regex(
    stderr,
    /^bootbroker: the storage answered 400 ExpiredToken when the upload was started; check the clocks/,
  );
});

test.serial('what cannot be pushed is wrong usage, before the broker is asked', async (t) => {
  const { broker, dir, path } = t.context;
  const run = command({ url: broker.origin, token: broker.token, dir });
  const empty = join(dir, 'empty');
  await writeFile(empty, '');
  const rest = ['--kind', 'kernel', '--name', 'a', '--version', '1'];
  const cases: [string[], RegExp][] = [
    [[join(dir, 'none'), ...rest], /cannot be read \(ENOENT\)/],
    [[dir, ...rest], /no regular file/],
    [[empty, ...rest], /is empty/],
    [[path, ...rest, '--name', '../x'], /--name \.\.\/x is no name/],
    [[path, ...rest, '--kind', 'kernle'], /Allowed choices are kernel, initrd/],
    [[path, '--kind', 'kernel', '--name', 'a'], /required option '--version <version>'/],
  ];
  for (const [args, wanted] of cases) {
    const { code, stderr } = await run('asset', 'push', ...args);
    t.is(code, 2, stderr);
    t.regex(stderr, wanted);
  }
  t.is(broker.seen.uploads, 0);
});

test.serial('on a terminal the push shows how far it is, and wipes the line', async (t) => {
  const { broker, dir, path } = t.context;
  const run = command({ url: broker.origin, token: broker.token, dir, tty: true });
  broker.faults.push({ kind: 'status', status: 503 });
  const args = ['asset', 'push', path, '--kind', 'kernel', '--name', 'a', '--version', '1'];
  const { code, stderr } = await run(...args);
  t.is(code, 0);
  t.regex(stderr, /\rhashing {2}\[#{10}\] 100% {2}17\.2 MiB of 17\.2 MiB/);
  t.regex(stderr, /\rthe storage answered 503; trying again in 1 s/);
  t.regex(stderr, /\rsending {2}\[#{10}\] 100%/);
  t.true(stderr.endsWith('\r\u001b[K'));
});

test.serial('a push needs no place to remember it', async (t) => {
  const { broker, path, dir } = t.context;
  const system = { stateDir: join(path, 'not-a-folder') };
  const run = command({ url: broker.origin, token: broker.token, dir, system });
  const { code, stderr } = await run(...pushOf(path));
  t.is(code, 0, stderr);
});

test.serial('a broker that is not there is said at once', async (t) => {
  const { path, dir } = t.context;
  const system = { sleep: async () => t.fail('a pause') };
  const run = command({ url: 'http://127.0.0.1:9', token: 'a-token', dir, system });
  const { code, stderr } = await run(...pushOf(path));
  t.is(code, 3);
  t.regex(stderr, /the broker at http:\/\/127\.0\.0\.1:9 cannot be reached/);
});
