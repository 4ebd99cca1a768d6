import test from 'ava';
import { newestImage, parseImageId } from '../../../src/boot/asset/image.ts';
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

test('an image is named by name:version:arch, or by the id of one of its assets', (t) => {
  t.deepEqual(parseImageId('debian:12:arm64'), { by: 'id', name: 'debian', version: '12', arch: 'arm64' });
  t.deepEqual(parseImageId('debian'), { by: 'asset', asset: 'debian' });
  for (const text of [
    'debian:12',
    'debian:12:amd64',
    'debian:12:arm64:x',
    ':12:arm64',
    'debian:..:arm64',
    '..',
    '',
  ])
    t.is(parseImageId(text), undefined, text);
});
