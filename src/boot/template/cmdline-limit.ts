import { initrdWords } from '../asset/initrd.ts';
import { isLinux, type Program } from '../asset/program.ts';
import type { ProfileRevision } from '../profile.ts';
import { type Warning, warning } from '../warning.ts';
import { longestCmdline } from './cmdline.ts';

/** COMMAND_LINE_SIZE of x86 and arm64 is 2048 with its final NUL: what is longer is cut there without a word. */
const linuxBytes = 2047;

/** How many bytes the program that this revision starts takes: Linux as it says itself, or else its usual ones; others all. */
function cmdlineLimit({ kernel, efi }: ProfileRevision): number {
  const started = kernel ?? efi;
  // Its bytes are still to come: what it takes is seen then.
  if (started?.asset_id === '') return longestCmdline;
  if (!kernel) return efi?.program && isLinux(efi.program) ? linuxLimit(efi.program) : longestCmdline;
  return linuxLimit(kernel.program);
}

function linuxLimit(program: Program | undefined): number {
  return Math.min(program?.cmdline_size ?? linuxBytes, longestCmdline);
}

/** Why this command line, with the broker's own words before it, would be cut; undefined: it would not. */
export function lengthFault(revision: ProfileRevision): string | undefined {
  const [bytes, limit] = [bytesOf(revision), cmdlineLimit(revision)];
  if (bytes <= limit) return undefined;
  const own = revision.kernel ? initrdWords(revision.initrds).length : 0;
  const counted = own > 0 ? " with the broker's own words for its initrds" : '';
  return `is ${bytes} bytes long${counted}, and what it is for takes ${limit}`;
}

/** iPXE on UEFI puts the name of the kernel before it all (interface/efi/efi_image.c): what just fits may be cut there. */
export function lengthWarnings(revision: ProfileRevision): readonly Warning[] {
  if (!revision.kernel || revision.kernel.asset_id === '') return [];
  const over = bytesOf(revision) + 'kernel '.length - cmdlineLimit(revision);
  if (over <= 0) return [];
  const detail = `The command line of ${revision.name} just fits: on UEFI, where iPXE puts the word kernel before it, its last ${over} bytes are cut.`;
  return [warning('cmdline-cut', detail)];
}

function bytesOf({ kernel, initrds, cmdline }: ProfileRevision): number {
  const words = [...(kernel ? initrdWords(initrds) : []), ...(cmdline === '' ? [] : [cmdline])];
  return Buffer.byteLength(words.join(' '));
}
