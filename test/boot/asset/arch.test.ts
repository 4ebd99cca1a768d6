import test from 'ava';
import { parseArchName } from '../../../src/boot/asset/arch.ts';

test('an architecture has many names, in either case; what distributions have other files for is another one', (t) => {
  for (const text of ['x86_64', 'x86-64', 'amd64', 'x64', 'X86_64', 'AMD64'])
    t.is(parseArchName(text), 'x86_64', text);
  for (const text of ['arm64', 'aarch64', 'AArch64', 'ARM64', 'aa64'])
    t.is(parseArchName(text), 'arm64', text);
  for (const text of ['', 'i386', 'i686', 'arm', 'armhf', 'riscv64', '16', '19', 'constructor', ' amd64'])
    t.is(parseArchName(text), undefined, text);
});
