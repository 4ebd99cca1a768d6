import type { ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test from 'ava';
import { request } from 'undici';
import { ended, installed } from './process.ts';
import { storageTap } from './storage-tap.ts';

const mac = '52:54:00:12:34:56';
const chunk = 8 * 1024 * 1024;

/** The ports of a broker that was started on port 0, from its log. */
async function portsOf(broker: ChildProcess): Promise<Record<string, number>> {
  const ports: Record<string, number> = {};
  if (!broker.stdout) throw new Error('the broker has no stdout');
  for await (const line of createInterface(broker.stdout)) {
    const { message, listener, port } = JSON.parse(line);
    if (message === 'listening') ports[listener] = port;
    if (message === 'ready') break;
  }
  broker.stdout.resume();
  return ports;
}

test('from an empty folder: push, Ctrl-C, push, machine add, profile create, explain, boot', async (t) => {
  const tap = await storageTap();
  t.teardown(tap.close);
  const { dir, start } = await installed(t);
  const any = ['--listen', '--admin-listen', '--storage-listen'].flatMap((flag) => [flag, '127.0.0.1:0']);
  const broker = start(
    ['serve', ...any, '--storage-public-url', tap.origin],
    {},
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const { boot, admin, storage } = await portsOf(broker);
  tap.target = `http://127.0.0.1:${storage}`;
  const env = { BROKER_URL: `http://127.0.0.1:${admin}` };
  const run = (...args: string[]) => ended(start(args, env));
  const kernel = randomBytes(20_000_000);
  await writeFile(join(dir, 'vmlinuz'), kernel);
  const debian = ['--name', 'debian-12', '--version', '6.1', '--json'];

  const first = start(['asset', 'push', 'vmlinuz', '--kind', 'kernel', ...debian], env);
  tap.onPiece = ({ contentRange }) => {
    if (!contentRange?.startsWith(`bytes ${chunk}-`)) return 'pass';
    first.kill('SIGINT');
    return 'hold';
  };
  const interrupted = await ended(first);
  tap.onPiece = () => 'pass';
  t.is(interrupted.code, 130, interrupted.stderr);

  const before = tap.asked.length;
  const second = await run('asset', 'push', 'vmlinuz', '--kind', 'kernel', ...debian);
  t.is(second.code, 0, second.stderr);
  const { resumed_at, asset } = JSON.parse(second.stdout);
  t.true(resumed_at >= chunk && resumed_at < kernel.length);
  const [query, ...puts] = tap.asked.slice(before);
  t.like(query, { method: 'PUT', contentRange: `bytes */${kernel.length}`, status: 308 });
  t.is(query?.range, `bytes=0-${resumed_at - 1}`);
  t.true(puts[0]?.contentRange?.startsWith(`bytes ${resumed_at}-`), 'what is stored is not sent again');
  t.is(tap.asked.filter(({ method }) => method === 'POST').length, 1, 'all of it in one session');
  t.is(asset.sha256, createHash('sha256').update(kernel).digest('hex'));

  await writeFile(join(dir, 'initrd'), randomBytes(1_000_000));
  t.is((await run('asset', 'push', 'initrd', '--kind', 'initrd', ...debian)).code, 0);
  t.regex(
    (await run('asset', 'list', '--kind', 'kernel')).stdout,
    /^kernel +debian-12@6\.1 +x86_64 +19\.1 MiB +ready /m,
  );

  const machine = JSON.parse((await run('machine', 'add', '--mac', mac, '--name', 'vm1', '--json')).stdout);
  const taken = await run('machine', 'add', '--mac', mac);
  t.is(taken.code, 1);
  t.regex(taken.stderr, new RegExp(`^bootbroker: MAC ${mac} belongs to machine ${machine.id}`));
  const wanted = ['--kernel', 'debian-12@6.1', '--initrd', 'debian-12@6.1', '--cmdline', 'console=ttyS0'];
  const created = await run('profile', 'create', '--name', 'debian', '--machine', mac, ...wanted, '--json');
  t.is(created.code, 0, created.stderr);
  const revision = JSON.parse(created.stdout);
  t.regex((await run('machine', 'list')).stdout, new RegExp(`vm1 +${mac} +- +${revision.id} `));
  t.regex(
    (await run('profile', 'list')).stdout,
    /^debian .* debian-12@6\.1 +debian-12@6\.1 +console=ttyS0$/m,
  );

  const ipxe = await run('explain', '--mac', mac, '--user-agent', 'iPXE/1.21.1');
  t.is(ipxe.code, 0, ipxe.stderr);
  t.regex(ipxe.stdout, /^ {4}#!ipxe$/m);
  t.regex(ipxe.stdout, new RegExp(`^  /asset/${revision.id}/kernel\\S+ .* redirect `, 'm'));
  const firmware = await run('explain', '--mac', mac, '--user-agent', 'UefiHttpBoot/1.0', '--json');
  t.is(JSON.parse(firmware.stdout).client.id, 'uefi-http-boot');

  const url = `http://127.0.0.1:${boot}/asset/${revision.id}/kernel?machine=${machine.id}`;
  const fetched = await request(url, { headers: { 'user-agent': 'UefiHttpBoot/1.0' } });
  t.is(fetched.statusCode, 200);
  t.true(kernel.equals(Buffer.from(await fetched.body.arrayBuffer())));
  t.regex(
    (await run('boots', '--machine', mac)).stdout,
    new RegExp(`${machine.id} +\\S+ +asset +127\\.0\\.0\\.1`),
  );

  broker.kill('SIGTERM');
  t.deepEqual(await once(broker, 'exit'), [0, null]);
});

test('localgcs alone is a storage until it is told to stop, and refuses to be open to others', async (t) => {
  const { start } = await installed(t);
  const storage = start(['localgcs', '--listen', '127.0.0.1:0', '--bucket', 'photos', '--json']);
  if (!storage.stdout) throw new Error('no stdout');
  const [line] = (await once(createInterface(storage.stdout), 'line')) as [string];
  const { origin } = JSON.parse(line);
  const upload = `${origin}/upload/storage/v1/b/photos/o?uploadType=media&name=cat`;
  const insert = await request(upload, { method: 'POST', body: 'meow' });
  t.is(insert.statusCode, 200);
  await insert.body.dump();
  const found = await request(`${origin}/storage/v1/b/photos/o/cat?alt=media`);
  t.is(await found.body.text(), 'meow');
  storage.kill('SIGTERM');
  t.deepEqual(await once(storage, 'exit'), [0, null]);

  const open = await ended(start(['localgcs', '--listen', '0.0.0.0:0']));
  t.not(open.code, 0);
  t.regex(open.stderr, /^bootbroker: without a token the storage listens on loopback only/);
});
