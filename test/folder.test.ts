import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { makeFolder } from '../src/folder.ts';
import { startChild, temporaryFolder } from './support/child.ts';
import { file, needing } from './support/needs.ts';

test('a folder and those above it are made for their owner alone, and again without complaint', async (t) => {
  const above = await temporaryFolder(t);
  const folder = join(above, 'a', 'b', 'c');
  makeFolder(folder);
  for (const path of [folder, join(above, 'a')]) t.is(statSync(path).mode & 0o777, 0o700);
  writeFileSync(join(folder, 'kept'), '');
  makeFolder(folder);
  t.true(existsSync(join(folder, 'kept')));
});

test('a file where the folder should be, or above it, is told', async (t) => {
  const path = join(await temporaryFolder(t), 'file');
  writeFileSync(path, '');
  t.throws(() => makeFolder(path), { code: 'EEXIST' });
  t.throws(() => makeFolder(join(path, 'a', 'b')), { code: 'ENOTDIR' });
});

const onLinux = needing(file('/proc/self'));
onLinux(
  'a data folder where nobody can make one is told, with the setting, and is exit code 3',
  async (t) => {
    const child = await startChild(t, { env: { BROKER_DATA_DIR: '/proc/nope/data' } });
    t.is(await child.ended, 3);
    t.regex(child.stderr(), /^bootbroker: ENOENT: [^\n]*'\/proc\/nope'\. Look at BROKER_DATA_DIR\n$/);
  },
);
