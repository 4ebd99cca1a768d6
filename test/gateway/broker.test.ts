import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { addMachine, addProfile, type Broker, brokerFor, push } from '../support/broker.ts';
import { dial, until } from '../support/http.ts';
import { command, needing } from '../support/needs.ts';
import { bytesOf, type Fake, fakeFor } from './fakes.ts';
import { cloudKey, gatewayFor, tunnelOf } from './gateway.ts';

const test = needing(command('nginx'));
const mac = '52:54:00:aa:bb:01';
const ipxe = { 'User-Agent': 'iPXE/1.21.1+ (g1234)' };
const firmware = { 'User-Agent': 'UefiHttpBoot/1.0' };

const edgeKeys = [
  {
    kid: 'cloud',
    key: cloudKey.toString('base64url'),
    networks: ['127.10.0.0/16'],
    capabilities: ['cache', 'follow'],
  },
];

interface Options {
  readonly settings?: Readonly<Record<string, string>>;
  readonly gateway?: Readonly<Record<string, unknown>>;
  readonly size?: number;
  /** In the place of the embedded one, where the gateway fetches the kernel. */
  readonly storage?: (kernel: Buffer) => Promise<Fake>;
}

/** A broker that believes the gateway, a gateway before it and its storage, and a machine with a profile. */
async function site(
  t: ExecutionContext,
  { settings = {}, gateway: more = {}, size = 9_500_000, storage }: Options = {},
) {
  const broker = await brokerFor(t, {
    settings: {
      BROKER_EDGE_KEYS: JSON.stringify(edgeKeys),
      BROKER_ALLOWED_NETWORKS: '127.10.0.0/16',
      ...settings,
    },
  });
  const firstStage = randomBytes(300_000);
  const kernel = randomBytes(size);
  await push(broker, { kind: 'efi', name: 'ipxe', bytes: firstStage });
  await push(broker, { kind: 'kernel', name: 'linux', bytes: kernel });
  const machine = await addMachine(broker, { macs: [mac], networks: ['127.10.0.0/24'] });
  const profile = await addProfile(broker, { name: 'lab', machine_id: machine.id, kernel: 'linux@1' });
  const other = await storage?.(kernel);
  const upstreams = {
    broker: `http://127.0.0.1:${broker.bootPort}`,
    storage: other?.origin ?? broker.parts.localgcs.origin,
  };
  const gateway = await gatewayFor(t, upstreams, more);
  return {
    broker,
    gateway,
    storage: other,
    firstStage,
    kernel,
    target: `/asset/${profile.id}/kernel?machine=${machine.id}`,
  };
}

const plansOf = (broker: Broker) =>
  broker.log
    .filter(({ message, plane }) => message === 'request' && plane === 'boot')
    .map(({ plan, bytes, source }) => ({ plan, bytes, source }));

test('firmware gets its first stage by handoff, and no byte of it is the broker’s', async (t) => {
  const { broker, gateway, firstStage } = await site(t);
  const head = await gateway.ask('/boot.efi', { method: 'HEAD', headers: firmware });
  const get = await gateway.ask('/boot.efi', { headers: firmware });
  for (const { status, headers } of [head, get]) {
    t.is(status, 200);
    t.is(headers['content-type'], 'application/efi');
    t.is(headers['content-length'], String(firstStage.length));
  }
  t.true(get.body.equals(firstStage));
  for (const name of [
    'etag',
    'last-modified',
    'accept-ranges',
    'content-disposition',
    'cache-control',
    'x-content-type-options',
  ])
    t.is(get.headers[name], head.headers[name], name);
  t.truthy(get.headers.etag);
  await until(() => plansOf(broker).length === 2);
  t.deepEqual(
    plansOf(broker).map(({ plan, bytes, source }) => [plan, bytes, source]),
    [
      ['stream', 0, '127.10.0.2'],
      ['handoff', 0, '127.10.0.2'],
    ],
  );
});

test('iPXE is redirected where the canary lives, else handed off', async (t) => {
  const { gateway, kernel, target } = await site(t, { gateway: { tunnel: tunnelOf([{}]) } });
  const handedOff = await gateway.ask(target, { headers: ipxe });
  t.is(handedOff.status, 200);
  t.true(handedOff.body.equals(kernel));
  await gateway.ask('/canary?storage=ok');
  const redirected = await gateway.ask(target, { headers: ipxe });
  t.is(redirected.status, 302);
  const fetched = await fetch(redirected.headers.location ?? '');
  t.true(Buffer.from(await fetched.arrayBuffer()).equals(kernel));
  t.deepEqual(
    gateway
      .accessLog()
      .map(({ plan }) => plan)
      .filter((plan) => plan !== 'broker'),
    ['handoff', 'redirect'],
  );
  t.false(gateway.logged().includes('X-Goog'));
});

test('versions as distributions write them are handed off, by whichever name they are asked for', async (t) => {
  const { broker, gateway, target } = await site(t, { size: 1000 });
  for (const [name, version] of [
    ['installer', '20230607+deb12u15'],
    ['kernel', '1:6.1~rc1'],
  ] as const) {
    const bytes = { kernel: randomBytes(5_000), initrd: randomBytes(7_000) };
    for (const kind of ['kernel', 'initrd'] as const)
      await push(broker, { kind, name, version, bytes: bytes[kind] });
    const profile = await addProfile(broker, { name: 'versions', kernel: `${name}@${version}` });
    const encoded = encodeURIComponent(version);
    for (const [asked, kind] of [
      [`/assets/${name}:${version}:x86_64/kernel`, 'kernel'],
      [`/assets/${name}:${version}:x86_64/initrd`, 'initrd'],
      [`/assets/${name}%3A${encoded}%3Ax86_64/kernel`, 'kernel'],
      [`//assets/${name}:${version.replace('~', '%7E')}:x86_64/kernel`, 'kernel'],
      [`/kernels/${name}.img`, 'kernel'],
      [`/assets/${name}-initrd.img`, 'initrd'],
      [`/asset/${profile.id}/kernel?serial=%FF%FF&boot=0199aaaa-bbbb-7ccc-8ddd-eeeeffff0001`, 'kernel'],
    ] as const) {
      const { status, body } = await gateway.ask(asked, { headers: firmware });
      t.is(status, 200, asked);
      t.true(body.equals(bytes[kind]), asked);
    }
  }
  t.is((await gateway.ask(`//${target}`)).status, 200);
  await until(() => plansOf(broker).length === 15);
  t.true(plansOf(broker).every(({ plan, source }) => plan === 'handoff' && source === '127.10.0.2'));
});

test("a first stage's siblings, and whatever else a live system fetches, are handed off", async (t) => {
  const { broker, gateway } = await site(t, { size: 1000 });
  const bytes = (kind: string, filename?: string) => Buffer.from(`the ${kind} ${filename ?? ''}`.repeat(99));
  const pushed = { name: 'live', version: '1' };
  await push(broker, { ...pushed, kind: 'kernel', bytes: bytes('kernel') });
  await push(broker, { ...pushed, kind: 'rootfs', bytes: bytes('rootfs') });
  await push(broker, { ...pushed, kind: 'file', filename: 'boot.wim', bytes: bytes('file', 'boot.wim') });
  await push(broker, {
    kind: 'efi',
    name: 'ipxe',
    filename: 'grubx64.efi',
    bytes: bytes('efi', 'grubx64.efi'),
  });
  const profile = await addProfile(broker, {
    name: 'live',
    kernel: 'live@1',
    rootfs: 'live@1',
    files: { 'boot.wim': 'live@1/boot.wim' },
  });
  for (const [target, kind, filename] of [
    [`/asset/${profile.id}/rootfs`, 'rootfs'],
    [`/asset/${profile.id}/file/boot.wim`, 'file', 'boot.wim'],
    ['/assets/live:1:x86_64/rootfs', 'rootfs'],
    ['/assets/live:1:x86_64/file/boot.wim', 'file', 'boot.wim'],
    ['/grubx64.efi', 'efi', 'grubx64.efi'],
    ['//grubx64.efi', 'efi', 'grubx64.efi'],
    ['/boot/x86_64/grubx64.efi', 'efi', 'grubx64.efi'],
    ['/boot/x86_64//grubx64.efi', 'efi', 'grubx64.efi'],
    [`/m/${mac}/grubx64.efi`, 'efi', 'grubx64.efi'],
  ] as const) {
    const { status, body, text } = await gateway.ask(target, { headers: firmware });
    t.is(status, 200, `${target} ${text.slice(0, 200)}`);
    t.true(body.equals(bytes(kind, filename)), target);
  }
  t.is((await gateway.ask('/revocations.efi', { headers: firmware })).status, 404);
});

test('preconditions and ranges are answered as the broker itself answers them', async (t) => {
  const { gateway, kernel, target } = await site(t);
  const { etag } = (await gateway.ask(target, { method: 'HEAD' })).headers;
  const asking = (headers: Record<string, string>) => gateway.ask(target, { headers });
  t.is((await asking({ 'If-None-Match': etag ?? '' })).status, 304);
  t.is((await asking({ 'If-Match': '"another"' })).status, 412);
  t.is((await asking({ Range: `bytes=${kernel.length}-` })).status, 416);
  const part = await asking({ Range: 'bytes=100-4194400', 'If-Range': etag ?? '' });
  t.is(part.status, 206);
  t.true(part.body.equals(kernel.subarray(100, 4194401)));
  t.is((await asking({ Range: 'bytes=0-9', 'If-Range': '"another"' })).status, 200);
});

test('who may not boot gets nothing, though the edge has it', async (t) => {
  const { gateway, target } = await site(t, { gateway: { tunnel: tunnelOf([{}, {}]) } });
  t.is((await gateway.ask(target)).status, 200);
  t.is(
    (await gateway.ask(target, { from: '127.10.1.2' })).status,
    403,
    'the machine boots from another network',
  );
  t.is((await gateway.ask(target, { from: '127.0.0.1' })).status, 403, 'the key vouches for no such address');
});

test('an object that is gone is asked for twice, then 503', async (t) => {
  const { broker, gateway, target } = await site(t);
  const { items } = (await broker.admin('/api/v1/assets')).json;
  const { bucket, object } = items.find(({ kind }: { kind: string }) => kind === 'kernel');
  const storage = broker.parts.localgcs.origin;
  const token = readFileSync(join(broker.config.dataDir, 'storage-token'), 'utf8').trim();
  const headers = { Authorization: `Bearer ${token}` };
  const name = `${storage}/storage/v1/b/${bucket}/o/${encodeURIComponent(object)}`;
  const deleted = await fetch(name, { method: 'DELETE', headers });
  t.is(deleted.status, 204);
  const answered = await gateway.ask(target);
  t.deepEqual([answered.status, answered.headers['retry-after']], [503, '5']);
  await until(() => plansOf(broker).length === 2);
});

/** A storage that has these bytes, looks at nothing of a signed URL but its life, and whose clock is ahead by so many ms. */
function ahead(bytes: Buffer, byMs: () => number) {
  const answerBytes = bytesOf(bytes);
  return (asked: IncomingMessage, answer: ServerResponse) => {
    const query = new URL(asked.url ?? '', 'http://a').searchParams;
    const signed = (query.get('X-Goog-Date') ?? '').replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5');
    if (Date.now() + byMs() < Date.parse(signed) + Number(query.get('X-Goog-Expires')) * 1000)
      answerBytes(asked, answer);
    else answer.writeHead(400).end('<Error><Code>ExpiredToken</Code></Error>');
  };
}

test('a reader that takes ten times the life of a redirect gets all of it', async (t) => {
  const life = 10;
  const size = 60_000_000;
  // The storage's time goes by as the reader reads.
  let got = 0;
  const passedMs = () => (got / size) * life * 10_000;
  const { broker, gateway, kernel, target, storage } = await site(t, {
    size,
    settings: { BROKER_URL_TTL_SECONDS: String(life) },
    gateway: { cache: { slice: '1m' } },
    storage: (bytes) => fakeFor(t, ahead(bytes, passedMs)),
  });
  const read = async () => {
    const request = `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
    const socket = await dial(gateway.port, request, { from: '127.10.0.2' });
    const chunks: Buffer[] = [];
    for await (const chunk of socket) {
      chunks.push(chunk);
      got += chunk.length;
    }
    const answer = Buffer.concat(chunks);
    return answer.subarray(answer.indexOf('\r\n\r\n') + 4);
  };
  const all = await read();
  t.is(all.length, kernel.length);
  t.true(all.equals(kernel));
  t.is(storage?.came.length, Math.ceil(size / (1 << 20)));
  t.deepEqual(
    plansOf(broker).map(({ plan }) => plan),
    ['handoff'],
  );
});
