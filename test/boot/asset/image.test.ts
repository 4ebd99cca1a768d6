import test from 'ava';
import { newestImage, ofNewestImage, onlyOf, parseImageId } from '../../../src/boot/asset/image.ts';
import { asset } from '../examples.ts';

const at = (kind: 'kernel' | 'initrd', version: string, day: number) =>
  asset(kind, { id: `${kind}-${version}`, version, ready_at: `2026-01-0${day}T00:00:00.000Z` });

const named = (...assets: ReturnType<typeof asset>[]) => {
  const image = newestImage(assets);
  return image && [image.kernel.id, image.initrd.id];
};

test('the newest image is the one whose last part became ready last', (t) => {
  const old = [at('kernel', '1', 1), at('initrd', '1', 4)];
  const young = [at('kernel', '2', 3), at('initrd', '2', 2)];
  t.deepEqual(named(...young, ...old), ['kernel-1', 'initrd-1']);
  t.deepEqual(named(...old, ...young), ['kernel-1', 'initrd-1']);
});

test('a newer kernel whose initrd is missing or not ready does not count', (t) => {
  const whole = [at('kernel', '1', 1), at('initrd', '1', 1)];
  t.deepEqual(named(...whole, at('kernel', '2', 5)), ['kernel-1', 'initrd-1']);
  t.deepEqual(named(...whole, at('kernel', '2', 5), { ...at('initrd', '2', 5), state: 'verifying' }), [
    'kernel-1',
    'initrd-1',
  ]);
  t.deepEqual(named(...whole, at('kernel', '2', 5), { ...at('initrd', '2', 5), arch: 'arm64' }), [
    'kernel-1',
    'initrd-1',
  ]);
  t.is(named(at('kernel', '2', 5)), undefined);
});

test('an image is named by name:version:arch or name:version, read from both ends, or by the id of one of its assets', (t) => {
  const named = (name: string, version: string, arch?: 'x86_64' | 'arm64') => ({
    ...{ by: 'id', name, version },
    ...(arch && { arch }),
  });
  t.deepEqual(parseImageId('debian'), { by: 'asset', asset: 'debian' });
  const images: readonly (readonly [string, object])[] = [
    ['debian:12:arm64', named('debian', '12', 'arm64')],
    ['debian:12:aarch64', named('debian', '12', 'arm64')],
    ['debian:12:AMD64', named('debian', '12', 'x86_64')],
    ['debian:12:x64', named('debian', '12', 'x86_64')],
    ['debian:12', named('debian', '12')],
    ['debian:1:6.1~rc1:arm64', named('debian', '1:6.1~rc1', 'arm64')],
    ['debian:1:6.1~rc1', named('debian', '1:6.1~rc1')],
    ['debian:1.30+k3s1:x86-64', named('debian', '1.30+k3s1', 'x86_64')],
    // Who has such a version says the architecture as well.
    ['debian:1:arm64:x86_64', named('debian', '1:arm64', 'x86_64')],
    // One part is the version, whatever it looks like; numbers of DHCP are versions.
    ['debian:arm64', named('debian', 'arm64')],
    ['debian:1:16', named('debian', '1:16')],
    ['debian:12:riscv64', named('debian', '12:riscv64')],
  ];
  for (const [text, image] of images) t.deepEqual(parseImageId(text), image as never, text);
  for (const text of [
    ':12:arm64',
    'debian:..:arm64',
    'debian::arm64',
    'debian:',
    'debian:a@b',
    'a+b:1',
    '..',
    '',
  ])
    t.is(parseImageId(text), undefined, text);
});

test('every part of a bare name is of the newest image that has kernel and initrd; where none has, of what came last', (t) => {
  const rootfs = (version: string, day: number) => ({
    ...asset('rootfs', { id: `rootfs-${version}`, version, ready_at: `2026-01-0${day}T00:00:00.000Z` }),
  });
  const { name, arch } = rootfs('1', 1);
  const found = (kind: 'rootfs' | 'kernel' | 'file', ...assets: ReturnType<typeof asset>[]) =>
    ofNewestImage(assets, { kind, name, arch })?.id;
  const old = [at('kernel', '1', 1), at('initrd', '1', 1), rootfs('1', 1)];
  const young = [at('kernel', '2', 2), at('initrd', '2', 2)];
  t.is(found('rootfs', ...old), 'rootfs-1');
  t.is(found('rootfs', ...old, ...young), undefined, 'another one would not match the kernel of that name');
  t.is(found('rootfs', ...old, ...young, rootfs('2', 1)), 'rootfs-2');
  t.is(found('rootfs', ...old, rootfs('3', 9)), 'rootfs-1');
  t.is(found('rootfs', rootfs('1', 1), rootfs('3', 9), rootfs('2', 2)), 'rootfs-3');
  t.is(found('rootfs', { ...rootfs('3', 9), state: 'retired' }, rootfs('2', 2)), 'rootfs-2');
  t.is(found('kernel', rootfs('1', 1), at('kernel', '1', 1)), undefined);
});

test('of several files one is taken by its name; without one, what has none, else the only one', (t) => {
  const file = (filename?: string) =>
    asset('file', { id: `file-${filename}`, ...(filename && { filename }) });
  const { kind, name, version, arch } = file();
  const found = (assets: ReturnType<typeof asset>[], filename?: string) =>
    onlyOf(assets, { kind, name, version, arch, ...(filename && { filename }) })?.id;
  t.is(found([file('a'), file('b')]), undefined);
  t.is(found([file('a'), file('b')], 'b'), 'file-b');
  t.is(found([file('a'), file('b')], 'c'), undefined);
  t.is(found([file('a')]), 'file-a');
  t.is(found([file('a'), file()]), 'file-undefined');
  t.is(found([file()], 'a'), undefined);
});
