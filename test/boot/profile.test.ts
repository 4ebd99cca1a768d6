import test from 'ava';
import { parseAssetReference } from '../../src/boot/asset/asset-reference.ts';
import { isRefusal } from '../../src/boot/problem.ts';
import { bootable, parseArch, revisionAsset } from '../../src/boot/profile.ts';
import { resolvedAsset, revision } from './examples.ts';

test('an asset reference is NAME@VERSION, nothing less and nothing more', (t) => {
  t.deepEqual(parseAssetReference('debian-12@6.1'), { name: 'debian-12', version: '6.1' });
  for (const text of ['debian', 'debian@', '@1', 'a@b@c', '..@1', 'a/b@1', ''])
    t.is(parseAssetReference(text), undefined, text);
});

test('a part of a revision is found by its path, or refused by name', (t) => {
  const [first, second] = [resolvedAsset('initrd'), { ...resolvedAsset('initrd'), asset_id: 'second' }];
  const debian = revision({ kernel: resolvedAsset('kernel'), initrds: [first, second] });
  t.like(revisionAsset(debian, 'kernel'), { asset_id: 'kernel-id' });
  t.is(revisionAsset(debian, 'initrd'), first);
  t.is(revisionAsset(debian, 'initrd/0'), first);
  t.is(revisionAsset(debian, 'initrd/1'), second);
  for (const part of [
    'initrd/2',
    'initrd/01',
    'initrd/-1',
    'initrd/x',
    'efi',
    'iso',
    'id',
    'constructor',
    '',
  ])
    t.like(revisionAsset(debian, part), { problem: 'unknown-asset' }, part);
});

test('a profile starts exactly one thing, and initrds go with a kernel', (t) => {
  t.is(bootable({ kernel: 'k', initrds: ['i'] }), undefined);
  t.is(bootable({ iso: 'i', initrds: [] }), undefined);
  t.is(bootable({ disk: true, initrds: [] }), undefined);
  for (const profile of [
    { initrds: [] },
    { kernel: 'k', efi: 'e', initrds: [] },
    { efi: 'e', initrds: ['i'] },
    { disk: true, kernel: 'k', initrds: [] },
    { disk: true, initrds: ['i'] },
    { disk: true, initrds: [], cmdline: 'quiet' },
  ])
    t.true(isRefusal(bootable(profile)), JSON.stringify(profile));
});

test('architectures go by many names, and by no name that JavaScript itself knows', (t) => {
  for (const text of ['x86_64', 'amd64', 'i386', '16']) t.is(parseArch(text), 'x86_64', text);
  for (const text of ['arm64', 'aarch64', '19']) t.is(parseArch(text), 'arm64', text);
  for (const text of ['riscv64', 'constructor', '__proto__', 'toString', '', undefined])
    t.is(parseArch(text), undefined, text);
});
