/** What the head of a kernel or an EFI program says of it: what starts it, for which processor, and how much it can be told. */
export interface Program {
  readonly format: (typeof programFormats)[number];
  /** In iPXE's words: x86_64, i386, arm64, arm32, riscv64 ...; absent: it does not say, or in a way that is not known. */
  readonly arch?: string;
  /** Bytes that its command line may have, as a bzImage says itself. */
  readonly cmdline_size?: number;
}

/**
 * `linux-x86`: a bzImage, mostly an EFI program as well; `linux-arm64`: an Image; `linux-zboot`: Linux in an EFI program that
 * unpacks it; `efi`: an EFI program of another kind; `gzip`: packed bytes, which neither firmware nor iPXE unpacks; `other`:
 * the rest.
 */
export const programFormats = ['linux-x86', 'linux-arm64', 'linux-zboot', 'efi', 'gzip', 'other'] as const;

/** How many bytes say all of it: the PE header of a program stands within its first page. */
export const headBytes = 4096;

/** Machine types of PE files (Microsoft, PE Format). */
const peMachines: ReadonlyMap<number, string> = new Map([
  [0x014c, 'i386'],
  [0x8664, 'x86_64'],
  [0xaa64, 'arm64'],
  [0x01c0, 'arm32'],
  [0x01c2, 'arm32'],
  [0x01c4, 'arm32'],
  [0x5032, 'riscv32'],
  [0x5064, 'riscv64'],
  [0x6232, 'loong32'],
  [0x6264, 'loong64'],
  [0x0200, 'ia64'],
]);

/** Reads the head of a program: its first {@link headBytes}, or all of it. */
export function programOf(head: Buffer): Program {
  if (head.length > 2 && head.readUInt16BE(0) === 0x1f8b) return { format: 'gzip' };
  const arch = peMachine(head);
  const its = arch === undefined ? {} : { arch };
  // Linux Documentation/arch/x86/boot.rst: "HdrS" at 0x202, then the protocol.
  if (says(head, 0x202, 'HdrS')) return { format: 'linux-x86', ...x86Header(head), ...its };
  // Linux Documentation/arch/arm64/booting.rst: magic "ARM\x64" at 56.
  if (says(head, 56, 'ARM\x64')) return { format: 'linux-arm64', arch: 'arm64' };
  // Linux drivers/firmware/efi/libstub/zboot-header.S
  if (says(head, 4, 'zimg')) return { format: 'linux-zboot', ...its };
  return says(head, 0, 'MZ') && isPe(head) ? { format: 'efi', ...its } : { format: 'other' };
}

function x86Header(head: Buffer): Pick<Program, 'arch' | 'cmdline_size'> {
  const protocol = head.length >= 0x208 ? head.readUInt16LE(0x206) : 0;
  if (protocol < 0x0206 || head.length < 0x23c) return { cmdline_size: 255 };
  const cmdline_size = head.readUInt32LE(0x238);
  // xloadflags, since 2.12: XLF_KERNEL_64 is bit 0.
  const arch = protocol >= 0x020c && head.readUInt16LE(0x236) & 1 ? 'x86_64' : undefined;
  return { ...(arch && { arch }), ...(cmdline_size > 0 && { cmdline_size }) };
}

function peMachine(head: Buffer): string | undefined {
  return isPe(head) ? peMachines.get(head.readUInt16LE(peOffset(head) + 4)) : undefined;
}

function isPe(head: Buffer): boolean {
  return says(head, 0, 'MZ') && head.length >= 0x40 && says(head, peOffset(head), 'PE\0\0');
}

function peOffset(head: Buffer): number {
  return head.readUInt32LE(0x3c);
}

/** Whether those bytes stand there, and two more. */
function says(head: Buffer, at: number, text: string): boolean {
  const end = at + text.length;
  return head.length >= end + 2 && head.toString('latin1', at, end) === text;
}

/** Why such a program cannot be what was announced for that architecture; 32-bit programs of a PC run on a 64-bit one. */
export function archMismatch(program: Program | undefined, announced: string): string | undefined {
  const arch = program?.arch;
  const fits = arch === undefined || arch === announced || (arch === 'i386' && announced === 'x86_64');
  return fits ? undefined : `arch is ${arch} by its header, announced was ${announced}`;
}

/** Whether it is Linux, whose command line is cut where it is too long. */
export function isLinux({ format }: Program): boolean {
  return format.startsWith('linux-');
}
