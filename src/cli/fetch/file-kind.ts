import type { AssetKind } from '../../boot/asset/asset-name.ts';

const kinds: readonly (readonly [AssetKind, RegExp])[] = [
  ['efi', /\.efi$/i],
  ['iso', /\.iso$/i],
  ['rootfs', /^rootfs([-._].*)?$|\.(squashfs|rootfs)$/i],
  ['kernel', /^(vmlinu[xz]|linux|bzimage|image|kernel)([-._].*)?$|\.kernel$/i],
  ['initrd', /^(initrd|initramfs)([-._].*)?$|\.initrd$/i],
];

/** What a file is by its name. */
export function kindOf(fileName: string): AssetKind | undefined {
  return kinds.find(([, pattern]) => pattern.test(fileName))?.[0];
}

/** Names that `kindOf` knows, for people. */
export const knownFiles = 'vmlinuz, linux, Image, initrd, initramfs, *.efi, *.iso, rootfs or *.squashfs';
