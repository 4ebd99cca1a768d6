/** The head of a Linux kernel for x86-64 (Documentation/arch/x86/boot.rst), an EFI program as well. */
export function bzImage({ protocol = 0x020f, cmdlineSize = 2047 } = {}): Buffer {
  const head = efiProgram(0x8664);
  head.write('HdrS', 0x202, 'latin1');
  head.writeUInt16LE(protocol, 0x206);
  head.writeUInt16LE(1, 0x236);
  head.writeUInt32LE(cmdlineSize, 0x238);
  return head;
}

/** The head of a Linux kernel for arm64 (Documentation/arch/arm64/booting.rst). */
export function arm64Image(): Buffer {
  const head = Buffer.alloc(1024);
  head.write('ARM\x64', 56, 'latin1');
  return head;
}

/** The head of an EFI program (Microsoft, PE Format) for one type of machine. */
export function efiProgram(machine: number): Buffer {
  const head = Buffer.alloc(1024);
  head.write('MZ', 0, 'latin1');
  head.writeUInt32LE(0x80, 0x3c);
  head.write('PE\0\0', 0x80, 'latin1');
  head.writeUInt16LE(machine, 0x84);
  return head;
}
