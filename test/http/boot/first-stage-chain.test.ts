import { randomBytes } from 'node:crypto';
import anyTest, { type TestFn } from 'ava';
import { addMachine, type Broker, brokerFor, push, startBroker } from '../../support/broker.ts';
import { agents } from '../site.ts';

const test = anyTest as TestFn<Broker>;
let broker: Broker;
const mac = '52-54-00-aa-bb-01';
/** Two releases of a chain, each with shim first, and what it loads. */
const chain = (names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, randomBytes(3_000 + name.length)])) as Record<string, Buffer>;
const old = chain(['shim', 'grubx64.efi', 'ipxe.efi', 'gone.efi']);
const young = chain(['shim', 'grubx64.efi', 'ipxe.efi', 'mmx64.efi', 'shimx64.efi', 'revocations.efi']);
const arm = chain(['shim', 'grubaa64.efi', 'ipxe.efi']);

async function pushChain(
  to: Broker,
  version: string,
  files: Record<string, Buffer>,
  arch: 'x86_64' | 'arm64',
) {
  const image = { kind: 'efi', name: 'ipxe', version, arch } as const;
  const { shim = Buffer.of(), ...beside } = files;
  for (const [filename, bytes] of Object.entries(beside)) await push(to, { ...image, filename, bytes });
  await push(to, { ...image, bytes: shim });
}

test.before(async () => {
  broker = await startBroker();
  await addMachine(broker, { macs: [mac] });
  await pushChain(broker, '1', old, 'x86_64');
  await pushChain(broker, '2', young, 'x86_64');
  await pushChain(broker, '2', arm, 'arm64');
});
test.after.always(() => broker?.close());

test('beside whatever path the first stage is asked by lies the rest of its chain, with all that firmware checks', async (t) => {
  const { shim = Buffer.of(), ...beside } = young;
  for (const folder of ['/', '/boot/x86_64/', '/boot/16/', `/m/${mac}/`]) {
    t.deepEqual((await broker.boot(`${folder}boot.efi`, { userAgent: agents.firmware })).body, shim, folder);
    for (const [name, bytes] of Object.entries(beside)) {
      const path = `${folder}${name}`;
      const head = await broker.boot(path, { method: 'HEAD', userAgent: agents.firmware });
      const get = await broker.boot(path, { userAgent: agents.firmware });
      for (const { status, headers, names } of [head, get]) {
        t.is(status, 200, path);
        t.is(headers['content-type'], 'application/efi');
        t.is(headers['content-length'], String(bytes.length));
        t.is(headers['cache-control'], 'no-cache');
        t.is(headers['content-disposition'], `attachment; filename="${name}"`);
        t.true(names.includes('Content-Length'));
      }
      t.is(head.body.length, 0);
      t.deepEqual(get.body, bytes, path);
    }
  }
});

test('a shim before 16, which joins a folder and a path, gets what it means', async (t) => {
  const paths = [
    '//grubx64.efi',
    '///grubx64.efi',
    '/boot/x86_64//grubx64.efi',
    `/m/${mac}//grubx64.efi`,
    '//boot/x86_64//grubx64.efi?x=//y',
  ];
  for (const path of paths)
    for (const method of ['HEAD', 'GET']) {
      const { status, headers, body } = await broker.boot(path, { method, userAgent: agents.firmware });
      t.deepEqual([status, headers['content-length']], [200, String(young['grubx64.efi']?.length)], path);
      if (method === 'GET') t.deepEqual(body, young['grubx64.efi'], path);
    }
  t.deepEqual((await broker.boot('//boot.efi', { userAgent: agents.firmware })).body, young.shim);
  t.is((await broker.boot('//revocations_sku.efi', { userAgent: agents.firmware })).status, 404);
  for (const path of ['/boot//x86_64/grubx64.efi', '/assets//debian/kernel', '/asset//kernel'])
    t.is((await broker.boot(path)).status, 400, path);
});

test('the chain is of one image: what an older one had is not beside the newest, and each architecture has its own', async (t) => {
  t.is((await broker.boot('/gone.efi')).status, 404);
  t.deepEqual((await broker.boot('/boot/arm64/grubaa64.efi')).body, arm['grubaa64.efi']);
  t.deepEqual((await broker.boot('/boot/aarch64/ipxe.efi')).body, arm['ipxe.efi']);
  t.deepEqual((await broker.boot('/boot/amd64/ipxe.efi')).body, young['ipxe.efi']);
  t.deepEqual((await broker.boot('/ipxe.efi')).body, young['ipxe.efi']);
  // At the root the name of the file says it, where it does.
  t.deepEqual((await broker.boot('/grubaa64.efi')).body, arm['grubaa64.efi']);
  t.deepEqual((await broker.boot(`/m/${mac}/grubaa64.efi`)).body, arm['grubaa64.efi']);
  t.is((await broker.boot('/boot/arm64/grubx64.efi')).status, 404);
});

test('what a chain does not have is a 404 at once, without a pause, that says how to push it', async (t) => {
  for (const name of ['revocations_sku.efi', 'shim_certificate_0.efi', 'fbx64.efi']) {
    for (const folder of ['/', '/boot/x86_64/', `/m/${mac}/`]) {
      const { status, json, headers } = await broker.boot(`${folder}${name}`, { userAgent: agents.firmware });
      t.deepEqual([status, json.type], [404, 'urn:bootbroker:problem:unknown-asset'], folder + name);
      t.is(headers['retry-after'], undefined);
      t.true(json.detail.includes(`--name ipxe --version 2 --arch x86_64 --filename ${name}`), json.detail);
    }
  }
  t.is((await broker.boot('/boot/riscv64/grubx64.efi')).json.type, 'urn:bootbroker:problem:no-such-route');
  t.is((await broker.boot('/EFI/BOOT/grubx64.efi')).json.type, 'urn:bootbroker:problem:no-such-route');
  t.is((await broker.boot('/.efi')).status, 404);
  const empty = await brokerFor(t);
  t.regex((await empty.boot('/grubx64.efi')).json.detail, /There is no first stage for x86_64\. Push one/);
});

test('iPXE of a chain still finds its script beside itself, and follows redirects to the rest', async (t) => {
  for (const folder of ['/', '/boot/x86_64/', `/m/${mac}/`])
    t.regex((await broker.boot(`${folder}autoexec.ipxe`, { userAgent: agents.ipxe })).text, /^#!ipxe\n/);
  const { status, headers } = await broker.boot('/grubx64.efi', { userAgent: agents.ipxe });
  t.is(status, 302);
  const followed = await fetch(headers.location ?? '');
  t.deepEqual(Buffer.from(await followed.arrayBuffer()), young['grubx64.efi']);
});

test('a chain is in use from the moment that its first stage is ready, and not a moment before', async (t) => {
  const own = await brokerFor(t);
  await pushChain(own, '1', old, 'x86_64');
  const image = { kind: 'efi', name: 'ipxe', version: '2' } as const;
  const grub = randomBytes(100);
  await push(own, { ...image, filename: 'grubx64.efi', bytes: grub });
  t.deepEqual((await own.boot('/grubx64.efi')).body, old['grubx64.efi']);
  t.deepEqual((await own.boot('/boot.efi')).body, old.shim);
  const shim = randomBytes(200);
  await push(own, { ...image, bytes: shim });
  t.deepEqual([(await own.boot('/boot.efi')).body, (await own.boot('/grubx64.efi')).body], [shim, grub]);
});

test('a filename is refused where it would never be asked for, and is part of what an asset is', async (t) => {
  const announce = (said: object) =>
    broker.admin('/api/v1/uploads', {
      ...{ kind: 'efi', name: 'x', version: '1', arch: 'amd64', size: 1, crc32c: 'AAAAAA==' },
      ...said,
    });
  for (const said of [
    { filename: 'grub.cfg' },
    { filename: 'boot.efi' },
    { filename: 'a/b.efi' },
    { kind: 'kernel', filename: 'a' },
    { filename: '' },
  ]) {
    const { status, json } = await announce(said);
    t.is(status, 400, JSON.stringify(said));
    t.true(json.detail.includes('filename'), json.detail);
  }
  t.is((await announce({ filename: 'grubx64.efi' })).status, 201);
  t.is((await announce({ filename: 'mmx64.efi' })).status, 201);
  const { status, json } = await broker.admin('/api/v1/uploads', {
    ...{ kind: 'efi', name: 'ipxe', version: '2', arch: 'x86_64', filename: 'grubx64.efi' },
    ...{ size: 1, crc32c: 'AAAAAA==' },
  });
  t.deepEqual([status, json.type], [409, 'urn:bootbroker:problem:asset-exists']);
  t.regex(json.detail, /efi ipxe@2\/grubx64\.efi for x86_64 is ready/);
});
