import test from 'ava';
import fc from 'fast-check';
import { archMismatch, programOf } from '../../../src/boot/asset/program.ts';
import { arm64Image, bzImage, efiProgram } from '../../support/programs.ts';

test('the head of a program says what it is, for what, and how long its command line may be', (t) => {
  t.deepEqual(programOf(bzImage()), { format: 'linux-x86', cmdline_size: 2047, arch: 'x86_64' });
  t.deepEqual(programOf(bzImage({ cmdlineSize: 4095 })).cmdline_size, 4095);
  t.deepEqual(programOf(bzImage({ protocol: 0x0205 })).cmdline_size, 255);
  t.deepEqual(programOf(arm64Image()), { format: 'linux-arm64', arch: 'arm64' });
  t.deepEqual(programOf(efiProgram(0x8664)), { format: 'efi', arch: 'x86_64' });
  t.deepEqual(programOf(efiProgram(0x5064)), { format: 'efi', arch: 'riscv64' });
  t.deepEqual(programOf(efiProgram(0x0ebc)), { format: 'efi' });
  const zboot = efiProgram(0xaa64);
  zboot.write('zimg', 4, 'latin1');
  t.deepEqual(programOf(zboot), { format: 'linux-zboot', arch: 'arm64' });
  t.deepEqual(programOf(Buffer.from([0x1f, 0x8b, 8, 0])), { format: 'gzip' });
  for (const bytes of ['', 'M', 'MZ', 'kernel', 'MZ'.padEnd(64, '\xff')])
    t.is(programOf(Buffer.from(bytes, 'latin1')).format, 'other', bytes);
});

test('whatever bytes there are, a head is read', (t) => {
  const magic = fc.constantFrom('', 'MZ', 'HdrS', 'PE\0\0');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 700 }), magic, fc.nat(700), (bytes, text, at) => {
      const head = Buffer.from(bytes);
      head.write(text, Math.min(at, head.length), 'latin1');
      programOf(head);
    }),
  );
  for (let length = 0; length < 0x240; length++) programOf(bzImage().subarray(0, length));
  t.pass();
});

test('a program is for the architecture that its header says, but a 32-bit one of a PC runs on a 64-bit one', (t) => {
  t.is(archMismatch({ format: 'efi', arch: 'i386' }, 'x86_64'), undefined);
  t.is(archMismatch({ format: 'other' }, 'arm64'), undefined);
  for (const [arch, announced] of [
    ['arm64', 'x86_64'],
    ['x86_64', 'arm64'],
    ['i386', 'arm64'],
    ['riscv64', 'x86_64'],
    ['arm32', 'arm64'],
  ] as const)
    t.regex(
      archMismatch({ format: 'efi', arch }, announced) ?? '',
      new RegExp(`arch is ${arch} by its header`),
    );
});
