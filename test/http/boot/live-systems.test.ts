import { randomBytes } from 'node:crypto';
import anyTest, { type TestFn } from 'ava';
import {
  addMachine,
  addProfile,
  type Broker,
  expectStatus,
  push,
  startBroker,
} from '../../support/broker.ts';
import { agents } from '../site.ts';

const test = anyTest as TestFn<Broker>;
let broker: Broker;
let machine_id: string;
const mac = '52:54:00:aa:bb:01';
const bytes = {
  kernel: randomBytes(9_000),
  initrd: randomBytes(7_000),
  rootfs: randomBytes(50_000),
  iso: randomBytes(8_000),
  efi: randomBytes(5_000),
  modloop: randomBytes(6_000),
  answers: Buffer.from('d-i debian-installer/locale string en_US\n'),
};
test.before(async () => {
  broker = await startBroker();
  machine_id = (await addMachine(broker, { macs: [mac] })).id;
  for (const kind of ['kernel', 'initrd', 'rootfs', 'iso', 'efi'] as const)
    await push(broker, { kind, name: 'live', version: '1:3.20~rc1', bytes: bytes[kind] });
  for (const [filename, content] of Object.entries({ 'modloop-lts': bytes.modloop, 'a.cfg': bytes.answers }))
    await push(broker, { kind: 'file', name: 'live', version: '1:3.20~rc1', filename, bytes: content });
  await push(broker, { kind: 'rootfs', name: 'fcos', bytes: bytes.rootfs });
  await push(broker, { kind: 'file', name: 'alone', filename: 'its.name', bytes: bytes.answers });
});
test.after.always(() => broker?.close());

/** A profile with all that a live system fetches, which a machine boots. */
function liveProfile() {
  return addProfile(broker, {
    name: 'live',
    machine_id,
    kernel: 'live@1:3.20~rc1',
    initrd: 'live@1:3.20~rc1',
    rootfs: 'live@1:3.20~rc1',
    files: { modloop: 'live@1:3.20~rc1/modloop-lts', 'preseed.cfg': 'live@1:3.20~rc1/a.cfg' },
  });
}

test('every kind is fetched: of a revision, of a machine, of an image by all its names; whole, by redirect and in ranges', async (t) => {
  const { id } = await liveProfile();
  const routes: readonly (readonly [string, Buffer])[] = [
    [`/asset/${id}/rootfs`, bytes.rootfs],
    [`/asset/${id}/file/modloop`, bytes.modloop],
    [`/asset/${id}/file/preseed.cfg`, bytes.answers],
    ['/m/52-54-00-aa-bb-01/rootfs', bytes.rootfs],
    ['/m/52-54-00-aa-bb-01/file/modloop', bytes.modloop],
    ...(['kernel', 'initrd', 'rootfs', 'iso', 'efi'] as const).flatMap((kind) => [
      [`/assets/live:1:3.20~rc1:x86_64/${kind}`, bytes[kind]] as const,
      [`/assets/live:1:3.20~rc1/${kind}`, bytes[kind]] as const,
      [`/assets/live/${kind}`, bytes[kind]] as const,
    ]),
    ['/assets/live/file/modloop-lts', bytes.modloop],
    ['/assets/live:1:3.20~rc1:amd64/file/a.cfg', bytes.answers],
    ['/assets/fcos/rootfs', bytes.rootfs],
    ['/assets/alone/file', bytes.answers],
    ['/assets/alone:1/file', bytes.answers],
    ['/assets/alone/file/its.name', bytes.answers],
  ];
  for (const [path, wanted] of routes) {
    const head = await broker.boot(path, { method: 'HEAD', userAgent: agents.curl });
    t.deepEqual([head.status, head.headers['content-length']], [200, String(wanted.length)], path);
    const streamed = await broker.boot(path, { userAgent: 'Wget' });
    t.deepEqual(streamed.body, wanted, path);
    t.regex(streamed.headers['content-disposition'] ?? '', /^attachment; filename="[A-Za-z0-9._-]+"$/);
    const part = await broker.boot(path, { userAgent: 'Wget', headers: { Range: 'bytes=2-5' } });
    t.deepEqual([part.status, part.body], [206, wanted.subarray(2, 6)], path);
    const { status, headers } = await broker.boot(path, { userAgent: agents.curl });
    t.is(status, 302, path);
    const followed = await fetch(headers.location ?? '');
    t.deepEqual(Buffer.from(await followed.arrayBuffer()), wanted, path);
  }
});

test('what an image or a revision does not have is 404, and says how one of several files is asked for', async (t) => {
  const { id } = await liveProfile();
  for (const [path, detail] of [
    [`/asset/${id}/file/other`, /has no file\/other/],
    [`/asset/${id}/file/constructor`, /has no file\/constructor/],
    [`/asset/${id}/iso`, /has no iso/],
    ['/assets/live/file', /One of several is asked for by its name/],
    ['/assets/live/file/other', /no complete image live for x86_64 with a ready file other/],
    ['/assets/live/rootfs/other', /with a ready rootfs other/],
    ['/assets/live/floppy', /An image has no floppy, only kernel, initrd, efi, iso, rootfs, file/],
    ['/assets/fcos/kernel', /no complete image fcos/],
  ] as const) {
    const { status, json } = await broker.boot(path);
    t.deepEqual([status, json.type], [404, 'urn:bootbroker:problem:unknown-asset'], path);
    t.regex(json.detail, detail, path);
  }
});

test('a revision pins what its live system fetches: a newer one is fetched by a newer revision only', async (t) => {
  const { id, rootfs, files } = await liveProfile();
  t.is(rootfs?.size, bytes.rootfs.length);
  t.truthy(rootfs?.generation);
  t.deepEqual(Object.keys(files ?? {}), ['modloop', 'preseed.cfg']);
  await push(broker, { kind: 'rootfs', name: 'live', version: '2', bytes: randomBytes(10) });
  t.deepEqual((await broker.boot(`/asset/${id}/rootfs`)).body, bytes.rootfs);
  const other = await addProfile(broker, { name: 'live', kernel: 'live@1:3.20~rc1', rootfs: 'live@2' });
  t.is((await broker.boot(`/asset/${other.id}/rootfs`)).body.length, 10);
  const { differences } = (await broker.admin(`/api/v1/profiles/${id}/diff/${other.id}`)).json;
  t.deepEqual(
    differences.map(({ path }: { path: string }) => path),
    ['rootfs', 'initrds.0', 'files.modloop', 'files.preseed.cfg'],
  );
});

test('a command line names what its own revision pins, and the machine fetches it there', async (t) => {
  const other = '52:54:00:aa:bb:02';
  const { id: machine } = await addMachine(broker, { macs: [other] });
  const { id } = await addProfile(broker, {
    name: 'urls',
    machine_id: machine,
    kernel: 'live@1:3.20~rc1',
    rootfs: 'live@1:3.20~rc1',
    files: { modloop: 'live@1:3.20~rc1/modloop-lts' },
    cmdline:
      'p={{ revision.name }} root={{ boot.origin }}/asset/{{ revision.id }}/rootfs modloop={{ boot.origin }}/asset/{{ revision.id }}/file/modloop',
  });
  const { text } = await broker.boot(`/boot.ipxe?mac=${other}`, { userAgent: agents.ipxe });
  const [, root = '', modloop = ''] = / p=urls root=(\S+) modloop=(\S+)/.exec(text) ?? [];
  t.true(root.endsWith(`/asset/${id}/rootfs`), text);
  for (const [url, wanted] of [
    [root, bytes.rootfs],
    [modloop, bytes.modloop],
  ] as const)
    t.deepEqual(
      Buffer.from(await (await fetch(url, { headers: { 'User-Agent': 'curl/8.0' } })).arrayBuffer()),
      wanted,
      url,
    );
});

test('explain tells what each part of it gets', async (t) => {
  await liveProfile();
  const { assets } = expectStatus(
    await broker.admin(`/api/v1/explain?mac=${mac}&user_agent=curl/8.0`),
    200,
  ).json;
  t.deepEqual(
    assets.map(({ path }: { path: string }) => path.replace(/^\/asset\/[^/]+\/|\?.*$/g, '')),
    ['kernel', 'rootfs', 'initrd/0', 'file/modloop', 'file/preseed.cfg'],
  );
  t.true(assets.every(({ plan }: { plan: string }) => plan === 'redirect'));
});

test('what a profile names and is not there is refused, each by its name', async (t) => {
  const { status, json } = await broker.admin('/api/v1/profiles', {
    name: 'p',
    kernel: 'live@1:3.20~rc1',
    rootfs: 'live@9',
    files: { a: 'live@1:3.20~rc1/nothing', b: 'live@1:3.20~rc1' },
  });
  t.is(status, 422);
  for (const missing of [/rootfs live@9/, /file live@1:3\.20~rc1\/nothing/, /file live@1:3\.20~rc1 for/])
    t.regex(json.detail, missing);
  for (const files of [{ 'a/b': 'live@1' }, { a: 'live' }, { '..': 'live@1' }]) {
    const body = { name: 'p', kernel: 'live@1:3.20~rc1', files };
    t.is((await broker.admin('/api/v1/profiles', body)).status, 400, JSON.stringify(files));
  }
});

test('apply and export carry them, and applying what was exported changes nothing', async (t) => {
  const files = { 'preseed.cfg': 'live@1:3.20~rc1/a.cfg', modloop: 'live@1:3.20~rc1/modloop-lts' };
  const profile = { name: 'applied', kernel: 'live@1:3.20~rc1', rootfs: 'live@1:3.20~rc1', files };
  const assets = [{ kind: 'file', name: 'live', version: '1:3.20~rc1', filename: 'a.cfg' }];
  const apply = async () =>
    expectStatus(await broker.admin('/api/v1/apply', { profiles: [profile], assets }), 200).json;
  t.is((await apply()).changes.length, 1);
  t.deepEqual((await apply()).changes, []);
  const [revision] = (await broker.admin('/api/v1/profiles?name=applied')).json.items;
  t.deepEqual((await broker.boot(`/asset/${revision.id}/file/preseed.cfg`)).body, bytes.answers);
  profile.files = { ...files, modloop: 'live@1:3.20~rc1/a.cfg' };
  const [change] = (await apply()).changes;
  t.deepEqual(
    change.differences.map(({ path }: { path: string }) => path),
    ['files.modloop'],
  );
});

test('collecting garbage keeps what a live system still fetches', async (t) => {
  const own = await push(broker, { kind: 'rootfs', name: 'kept', bytes: randomBytes(10) });
  const file = await push(broker, { kind: 'file', name: 'kept', filename: 'f', bytes: randomBytes(10) });
  const lost = await push(broker, { kind: 'rootfs', name: 'lost', bytes: randomBytes(10) });
  await addProfile(broker, {
    name: 'kept',
    iso: 'live@1:3.20~rc1',
    rootfs: 'kept@1',
    files: { f: 'kept@1/f' },
  });
  for (const { id } of [own, file, lost])
    expectStatus(await broker.admin(`/api/v1/assets/${id}/retire`, {}), 200);
  const { assets } = expectStatus(await broker.admin('/api/v1/assets/gc?dry_run=1', {}), 200).json;
  const fate = (id: string) => assets.find((one: { asset: { id: string } }) => one.asset.id === id)?.fate;
  t.deepEqual(
    [own, file, lost].map(({ id }) => fate(id)),
    ['kept', 'kept', 'condemned'],
  );
});
