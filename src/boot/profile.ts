import { parseArchName } from './asset/arch.ts';
import type { ResolvedAsset } from './asset/asset.ts';
import type { Arch } from './asset/asset-name.ts';
import { filledSlots } from './asset/slots.ts';
import type { Machine } from './machine/machine.ts';
import { type Refusal, refuse } from './problem.ts';
import type { profileRevisionSchema } from './schema/profile.ts';
import type { Output } from './schema/type.ts';

/** One immutable revision of a profile, with its assets resolved: what a machine boots. */
export type ProfileRevision = Output<typeof profileRevisionSchema>;

/** All assets that it refers to; while it is live, none of them is deleted. */
export function assetsOf(revision: ProfileRevision): readonly ResolvedAsset[] {
  return filledSlots(revision).map(([, asset]) => asset);
}

/** What its assets are called in URLs, what it starts first. */
export function partsOf(revision: ProfileRevision): readonly string[] {
  return filledSlots(revision).map(([{ part }]) => part);
}

/** The asset of a revision that a path names: `kernel`, `efi`, `iso`, `rootfs`, `initrd` (the first), `initrd/N` or `file/NAME`. */
export function revisionAsset(revision: ProfileRevision, part: string): ResolvedAsset | Refusal {
  const wanted = part === 'initrd' ? 'initrd/0' : part;
  const asset = filledSlots(revision).find(([slot]) => slot.part === wanted)?.[1];
  return (
    asset ?? refuse('unknown-asset', `Profile ${revision.name} (revision ${revision.id}) has no ${part}.`)
  );
}

/** Checks what a profile must be to boot at all: one thing to start, and initrds only beside a kernel. */
export function bootable(profile: {
  kernel?: unknown;
  initrds: readonly unknown[];
  efi?: unknown;
  iso?: unknown;
  disk?: unknown;
  cmdline?: string;
}): Refusal | undefined {
  const starts = [profile.kernel, profile.efi, profile.iso, profile.disk].filter(Boolean).length;
  if (starts !== 1)
    return refuse(
      'bad-input',
      'A profile starts exactly one thing: give it either a kernel, an efi program, an iso, or disk.',
    );
  if (profile.disk && profile.cmdline)
    return refuse('bad-input', 'What boots from its disk gets no command line from here: leave it out.');
  if (profile.initrds.length > 0 && !profile.kernel)
    return refuse('bad-input', 'Initrds need a kernel: give the profile a kernel, or leave the initrds out.');
  return undefined;
}

/** An architecture as machines say it: by its name, as iPXE's `${buildarch}`, or as DHCP's client-arch number (RFC 5970). */
export function parseArch(text: string | undefined): Arch | undefined {
  return text === undefined ? undefined : (parseArchName(text) ?? onlyClaimed.get(text));
}

/** What an administrator wrote into the label `arch`, else x86_64. */
export function archOf({ labels }: Pick<Machine, 'labels'>): Arch {
  return parseArch(labels.arch) ?? 'x86_64';
}

const onlyClaimed: ReadonlyMap<string, Arch> = new Map([
  ['i386', 'x86_64'], // a 32-bit build of iPXE boots 64-bit kernels: matchbox and FOG treat it so
  ['i686', 'x86_64'],
  ['x86', 'x86_64'],
  // PXE by BIOS, UEFI of 32 bits, of 64 (two numbers, for firmware mixed them up), then all of these by HTTP
  ...['0', '6', '7', '9', '15', '16', '20'].map((text) => [text, 'x86_64'] as const),
  ...['11', '19'].map((text) => [text, 'arm64'] as const),
]);
