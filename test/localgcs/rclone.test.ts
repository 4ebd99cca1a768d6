import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import { startLocalgcs } from '../../src/localgcs/localgcs.ts';
import { command, needing } from '../support/needs.ts';
import { scaled } from '../support/patience.ts';
import { BUCKET, bytes, storageOptions, TOKEN, temporaryDirectory } from './support.ts';

const test = needing(command('rclone'));

/** rclone, which is made of Google's library for Go, with a configuration that knows nothing but this storage. */
async function world(t: ExecutionContext) {
  const dir = await temporaryDirectory(t);
  const server = await startLocalgcs(storageOptions(join(dir, 'data')));
  t.teardown(() => server.close());
  const config = join(dir, 'rclone.conf');
  const token = JSON.stringify({ access_token: TOKEN, token_type: 'Bearer', expiry: '2099-01-01T00:00:00Z' });
  const settings = {
    type: 'google cloud storage',
    endpoint: `${server.origin}/storage/v1/`,
    token,
    project_number: '1',
    bucket_policy_only: 'true',
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  await writeFile(config, ['[here]', ...lines, ''].join('\n'));
  const { PATH } = process.env;
  const run = promisify(execFile);
  return {
    dir,
    rclone: async (...args: string[]) => {
      const flags = ['--config', config, '--retries', '1', '--low-level-retries', '1'];
      return (await run('rclone', [...flags, ...args], { env: { PATH, HOME: dir } })).stdout;
    },
  };
}

test('rclone, and so the library for Go, copies both ways, lists, moves and removes', async (t) => {
  t.timeout(scaled(300_000));
  const { dir, rclone } = await world(t);
  const bucket = `here:${BUCKET}`;
  t.regex(await rclone('lsd', 'here:'), new RegExp(` ${BUCKET}\n`));
  await mkdir(join(dir, 'from'));
  // Above 16 MiB it comes by a session: in several chunks, in whole ones, and in one.
  const sizes = { none: 0, small: 1000, session: 20_000_000, whole: 48 * 1024 * 1024, 'ü #?%': 17 };
  for (const [name, size] of Object.entries(sizes)) await writeFile(join(dir, 'from', name), bytes(size));
  await rclone('copy', join(dir, 'from'), `${bucket}/dir`);
  await rclone('check', join(dir, 'from'), `${bucket}/dir`);
  await rclone('copy', `${bucket}/dir`, join(dir, 'back'));
  for (const name of Object.keys(sizes))
    t.true((await readFile(join(dir, 'back', name))).equals(await readFile(join(dir, 'from', name))), name);

  await rclone('moveto', `${bucket}/dir/session`, `${bucket}/moved`);
  t.is(await rclone('lsf', bucket), 'dir/\nmoved\n');
  t.is(await rclone('lsf', `${bucket}/dir`), 'none\nsmall\nwhole\nü #?%\n');
  await rclone('purge', `${bucket}/dir`);
  await rclone('deletefile', `${bucket}/moved`);
  t.is(await rclone('lsf', bucket), '');
});
