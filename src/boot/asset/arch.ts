import type { Arch } from './asset-name.ts';

/**
 * An architecture by any of its names, in either case: the kernel's, Debian's and Go's (amd64, arm64), GNU's (x86_64, aarch64),
 * Windows' (x64) and UEFI's (x64, aa64). i386 is none: distributions have other files for it.
 */
export function parseArchName(text: string): Arch | undefined {
  return names.get(text.toLowerCase());
}

/** What is said to whoever writes another one. */
export const archNames = 'x86_64 (amd64, x64) or arm64 (aarch64)';

/** The architecture that the short name in a UEFI file's name says (UEFI 3.5.1.1): `grubaa64.efi`, `shimx64.efi`. */
export function archOfEfiFile(file: string): Arch | undefined {
  const [, short] = /(x64|aa64)\.efi$/i.exec(file) ?? [];
  return short === undefined ? undefined : parseArchName(short);
}

const names: ReadonlyMap<string, Arch> = new Map([
  ['x86_64', 'x86_64'],
  ['x86-64', 'x86_64'],
  ['amd64', 'x86_64'],
  ['x64', 'x86_64'],
  ['arm64', 'arm64'],
  ['aarch64', 'arm64'],
  ['aa64', 'arm64'],
]);
