import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import type { Blobs } from '../../src/blobs/blobs.ts';
import { changeAsset } from '../records/writing.ts';
import { addProfile, announce, type Broker, send, startBroker } from '../support/broker.ts';
import { command, type Ran } from './command.ts';

interface Site {
  readonly dir: string;
  readonly broker: Broker;
  readonly run: (...args: string[]) => Promise<Ran>;
  /** What the broker does while it hashes. */
  hashing: Blobs['digest'];
}
const test = anyTest as TestFn<Site>;

test.beforeEach(async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'broker-assets-'));
  const broker = await startBroker({
    replace: ({ blobs }) => ({ blobs: { ...blobs, digest: (...asked) => t.context.hashing(...asked) } }),
  });
  const url = `http://127.0.0.1:${broker.adminPort}`;
  const run = command({ url, token: broker.parts.adminToken, dir, tty: true });
  t.context = { dir, broker, run, hashing: broker.parts.blobs.digest };
});
test.afterEach.always(async ({ context: { broker, dir } }) => {
  await broker?.close();
  if (dir) await rm(dir, { recursive: true, force: true });
});

test('assets are shown, retired, taken back and collected by their names', async (t) => {
  const { dir, broker, run } = t.context;
  const path = join(dir, 'vmlinuz');
  await writeFile(path, randomBytes(2000));
  const push = async (...more: string[]) => {
    const ran = await run('asset', 'push', path, '--name', 'debian', '--version', '1', ...more);
    t.is(ran.code, 0, ran.stderr);
  };
  await push('--kind', 'kernel');
  await push('--kind', 'initrd');
  await push('--kind', 'file', '--arch', 'arm64', '--verify', 'full');
  const shown = await run('asset', 'show', 'debian@1', '--json');
  const { items } = JSON.parse(shown.stdout);
  t.deepEqual(
    items.map(({ kind, checked }: { kind: string; checked: string }) => [kind, checked]),
    [
      ['kernel', 'sha256'],
      ['initrd', 'sha256'],
      ['file', 'sha256'],
    ],
  );
  const one = await run('asset', 'show', items[0].id);
  t.regex(one.stdout, /^id: \S+\n[\s\S]*^state: ready$/m);
  t.is((await run('asset', 'show', 'debian@2')).code, 1);

  await addProfile(broker, { name: 'p', kernel: 'debian@1' });
  const retired = await run('asset', 'retire', 'debian@1', '--arch', 'x86_64');
  t.is(retired.stdout, 'kernel debian@1 for x86_64 is retired\ninitrd debian@1 for x86_64 is retired\n');
  const again = await run('asset', 'push', path, '--name', 'debian', '--version', '1', '--kind', 'kernel');
  t.regex(again.stderr, /kernel debian@1 for x86_64 is retired; push the file under a new --version/);

  const dry = await run('asset', 'gc', '--dry-run');
  t.regex(dry.stdout, /^kept +kernel debian@1 x86_64 +2\.0 KiB +profile p \(revision \S+\)$/m);
  t.regex(dry.stdout, /^condemned +initrd debian@1 x86_64 +2\.0 KiB +deleted from \S+ on$/m);
  t.regex(dry.stdout, /\n0 B would be freed\n$/);
  t.like(JSON.parse((await run('asset', 'gc', '--json')).stdout), { dry_run: false, bytes: 0 });
  const back = await run('asset', 'unretire', 'debian@1', '--kind', 'initrd', '--json');
  t.like(JSON.parse(back.stdout).items[0], { kind: 'initrd', state: 'ready', condemned_at: undefined });
  t.is((await run('asset', 'gc', '--orphan-days', 'many')).code, 1);
});

test('uploads are listed, shown and aborted; nothing that opens one is printed', async (t) => {
  const { broker, run } = t.context;
  const bytes = randomBytes(100);
  const upload = await announce(broker, { kind: 'kernel', name: 'k', bytes });
  await send(upload, bytes);
  const listed = await run('upload', 'list', '--state', 'open');
  t.regex(listed.stdout, new RegExp(`^\\S+ +open +signed +k-1-x86_64\\.kernel +${upload.id}$`, 'm'));
  const shown = await run('upload', 'show', upload.id);
  t.regex(shown.stdout, /^upload:\n {2}id: [\s\S]*^asset:\n/m);
  t.is((await run('upload', 'abort', upload.id)).stdout, `upload ${upload.id} is aborted\n`);
  t.like(JSON.parse((await run('upload', 'abort', upload.id, '--json')).stdout), { state: 'aborted' });
  t.is((await run('upload', 'abort', 'nothing')).code, 1);
  t.notRegex(listed.stdout + shown.stdout, /Signature|upload_id=/);
});

test('a push shows how far the hashing has come, by what the broker says', async (t) => {
  const { dir, broker } = t.context;
  const path = join(dir, 'big.iso');
  await writeFile(path, randomBytes(10_000));
  const { records, blobs } = broker.parts;
  const { promise: seen, resolve } = Promise.withResolvers<void>();
  t.context.hashing = async (...asked) => {
    const [asset] = (await records.listAssets({ state: 'verifying' }, { limit: 1 })).items;
    if (!asset) throw new Error('nothing is being hashed');
    const { state, upload_id } = asset;
    await changeAsset(records, { ...asset, verified_bytes: 5_000 }, { state, upload_id });
    await seen;
    return blobs.digest(...asked);
  };
  let drawn = '';
  const stderr = {
    isTTY: true,
    columns: 100,
    write: (text: string) => {
      drawn += text;
      if (text.includes('verifying')) resolve();
    },
  };
  const { adminPort, parts } = broker;
  const url = `http://127.0.0.1:${adminPort}`;
  const push = command({ url, token: parts.adminToken, dir, system: { stderr } });
  const { code } = await push('asset', 'push', path, '--name', 'big', '--version', '1', '--kind', 'iso');
  t.is(code, 0, drawn);
  t.regex(drawn, /\rverifying {2}\[#####\.\.\.\.\.\] {2}50%/);
  t.is((await broker.admin('/api/v1/assets?name=big')).json.items[0].verified_bytes, undefined);
});
