import test from 'ava';
import { contentType, deliveryOf, mismatch, resolved } from '../../../src/boot/asset/asset.ts';
import { fileName, isName, isVersion } from '../../../src/boot/asset/asset-name.ts';
import { asset, resolvedAsset } from '../examples.ts';

test('a name is one plain path segment', (t) => {
  for (const text of ['a', 'Debian-12_x.y', '...', '-', 'a'.repeat(128)]) t.true(isName(text), text);
  for (const text of ['', '.', '..', 'a/b', 'a b', 'a:b', 'a%2f', 'ä', 'a\n', 'a\0', 'a'.repeat(129)])
    t.false(isName(text), JSON.stringify(text));
});

test('a version is what distributions write, and its file name is safe in a storage, a header and on any disk', (t) => {
  for (const text of [
    '20230607+deb12u15',
    '1:6.1~rc1',
    '1.30+k3s1',
    '24.04.1+lts',
    '2.06-13+deb12u1',
    '5:27.3.1-1~debian.12~bookworm',
  ]) {
    t.true(isVersion(text), text);
    for (const kind of ['kernel', 'efi', 'file'] as const)
      t.regex(fileName({ ...asset(kind), version: text }), /^[A-Za-z0-9._-]+$/, text);
  }
  for (const text of [
    '',
    '.',
    '..',
    'a/b',
    'a b',
    'a%2f',
    'a@b',
    'a"b',
    'a\\b',
    'a;b',
    'ä',
    'a\n',
    'a'.repeat(129),
  ])
    t.false(isVersion(text), JSON.stringify(text));
});

test('EFI programs are application/efi and end in .efi, as firmware wants them', (t) => {
  t.is(contentType('efi'), 'application/efi');
  t.is(fileName(asset('efi')), 'debian-12-x86_64.efi');
  t.is(contentType('iso'), 'application/vnd.efi-iso');
  t.is(contentType('kernel'), 'application/octet-stream');
});

test('how long an answer may be kept depends on whether its name can move', (t) => {
  const kept = (permanence: 'immutable' | 'alias' | 'entry') =>
    deliveryOf(resolvedAsset('kernel'), permanence).cacheControl;
  t.is(kept('immutable'), 'private, max-age=31536000, immutable, no-transform');
  t.is(kept('alias'), 'no-cache');
  t.is(kept('entry'), 'no-store');
});

test('only what is ready, with all that delivery needs, can be delivered', (t) => {
  t.is(resolved(asset('kernel'))?.asset_id, 'kernel-id');
  for (const state of ['created', 'uploading', 'verifying', 'retired'] as const)
    t.is(resolved(asset('kernel', { state })), undefined, state);
  for (const lacks of ['generation', 'sha256', 'etag', 'last_modified', 'ready_at'] as const) {
    const { [lacks]: _, ...rest } = asset('kernel');
    t.is(resolved(rest), undefined, lacks);
  }
});

test('bytes that differ from what was announced are told apart, each by name', (t) => {
  const announced = asset('kernel', { sha256: 'a' });
  t.is(mismatch(announced, { size: 1000, crc32c: 'AAAAAA==', sha256: 'a', type: announced.type }), undefined);
  t.is(
    mismatch(announced, { size: 999, sha256: 'b' }),
    'size is 999, announced was 1000; sha256 is b, announced was a',
  );
});
