import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { openToOthers } from '../src/secret-files.ts';
import { diagnosis, failsOnce } from './doctor/support.ts';
import { startChild, temporaryFolder } from './support/child.ts';

test('files and folders that others may open are found, with the command that closes them', async (t) => {
  const folder = await temporaryFolder(t);
  const data = join(folder, 'data');
  await mkdir(data, { mode: 0o700 });
  const files = { 'admin-token': 0o600, 'hmac-secret': 0o644, 'records.db-wal': 0o660, 'boots.db': 0o602 };
  for (const [name, mode] of Object.entries(files)) {
    await writeFile(join(data, name), 'x');
    await chmod(join(data, name), mode); // whatever the umask
  }
  const key = join(folder, 'key.json');
  await writeFile(key, '{}');
  await chmod(key, 0o440);
  const found = () =>
    openToOthers([key, join(folder, 'none')], data).map(({ mode, command }) => `${mode} ${command}`);
  const inside = [
    `0602 chmod 600 ${data}/boots.db`,
    `0644 chmod 600 ${data}/hmac-secret`,
    `0660 chmod 600 ${data}/records.db-wal`,
    `0440 chmod 600 ${key}`,
  ];
  t.deepEqual(found().toSorted(), inside.toSorted());
  await chmod(data, 0o755);
  t.true(found().includes(`0755 chmod 700 ${data}`));
});

test('a start names each secret file that others may read, and what to do; the doctor fails for it', async (t) => {
  const folder = await temporaryFolder(t);
  const token = join(folder, 'metrics-token');
  await writeFile(token, 'a-token-in-a-file-1');
  await chmod(token, 0o644);
  const env = { BROKER_METRICS_TOKEN_FILE: token, BROKER_DATA_DIR: join(folder, 'data') };
  const start = async () => {
    const child = await startChild(t, { env });
    await child.ready;
    child.kill('SIGTERM');
    await child.ended;
    return child.lines().filter(({ command }) => command !== undefined);
  };
  t.deepEqual(
    (await start()).map(({ path, mode, command }) => [path, mode, command]),
    [[token, '0644', `chmod 600 ${token}`]],
  );
  const storageListen = { BROKER_STORAGE_LISTEN: '127.0.0.1:0' };
  failsOnce(
    t,
    await diagnosis({ ...env, ...storageListen }),
    'settings',
    /metrics-token holds secrets, .* chmod 600 /,
  );
  await chmod(token, 0o600);
  t.deepEqual(await start(), []);

  const secret = join(env.BROKER_DATA_DIR, 'hmac-secret');
  await chmod(secret, 0o644);
  await chmod(env.BROKER_DATA_DIR, 0o755);
  t.deepEqual(new Set((await start()).map(({ path }) => path)), new Set([env.BROKER_DATA_DIR, secret]));
  failsOnce(
    t,
    await diagnosis({ ...env, ...storageListen }),
    'data folder',
    /data holds secrets.*chmod 700 .*hmac-secret .*chmod 600/,
  );
});
