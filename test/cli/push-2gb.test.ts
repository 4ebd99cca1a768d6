import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { Asset } from '../../src/boot/asset/asset.ts';
import { askAdmin } from '../support/broker.ts';
import { startChild } from '../support/child.ts';
import { until } from '../support/http.ts';
import { tcpSwitch } from '../support/tcp-switch.ts';
import { ended, installed } from './process.ts';

const GiB = 2 ** 30;
const size = 2 * GiB + 12_345;

/** A file of that size, most of it holes, with something else in each 100 MB; resolves to its SHA-256. */
async function bigFile(path: string): Promise<void> {
  const file = await open(path, 'w');
  await file.truncate(size);
  for (let at = 0; at < size; at += 100_000_000) await file.write(randomBytes(4096), 0, 4096, at);
  await file.close();
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(chunk);
  return hash.digest('hex');
}

test('a push of 2 GB outlives three restarts of the broker and a cut connection', async (t) => {
  const { dir, start } = await installed(t);
  const path = join(dir, 'rootfs.iso');
  await bigFile(path);
  const [adminWay, storageWay] = [await tcpSwitch(t, 0), await tcpSwitch(t, 0)];
  const begin = async () => {
    const env = { BROKER_STORAGE_PUBLIC_URL: `http://${storageWay.host}`, BROKER_LOG_LEVEL: 'info' };
    const child = await startChild(t, { folder: dir, env });
    const { admin, storage } = await child.ready;
    adminWay.aim(admin);
    storageWay.aim(storage);
    return { child, admin };
  };
  let broker = await begin();
  const restart = async (signal: 'SIGKILL' | 'SIGTERM') => {
    broker.child.kill(signal);
    await broker.child.ended;
    broker = await begin();
  };
  const token = (await readFile(join(dir, 'data', 'admin-token'), 'utf8')).trim();
  const asset = async (): Promise<Asset | undefined> => {
    const { json } = await askAdmin(broker.admin, token, '/api/v1/assets?kind=iso');
    return json.items[0];
  };

  const asked = ['--kind', 'iso', '--name', 'big', '--version', '1', '--json'];
  const pushing = ended(start(['asset', 'push', path, ...asked], { BROKER_URL: `http://${adminWay.host}` }));
  const hashing = hashOf(path);
  const sent = (bytes: number) => until(() => storageWay.passed() > bytes);
  await sent(0.4 * GiB);
  await restart('SIGKILL');
  await sent(0.9 * GiB);
  storageWay.turn('off');
  storageWay.turn('on');
  await sent(1.5 * GiB);
  await restart('SIGTERM');
  await until(async () => (await asset())?.state === 'verifying');
  await restart('SIGKILL');

  const { code, stdout, stderr } = await pushing;
  t.is(code, 0, stderr);
  const pushed = JSON.parse(stdout);
  const sha256 = await hashing;
  t.like(pushed, { outcome: 'pushed', asset: { state: 'ready', size, sha256, checked: 'sha256' } });
  const passed = storageWay.passed() / GiB;
  t.log(`${passed.toFixed(2)} GiB were sent`);
  t.true(passed < 3, 'it goes on where it was');
  broker.child.kill('SIGTERM');
  t.is(await broker.child.ended, 0);
});
