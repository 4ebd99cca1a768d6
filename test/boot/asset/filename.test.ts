import test from 'ava';
import { filenameFault } from '../../../src/boot/asset/filename.ts';

test('an efi program beside the first stage is called as loaders ask for it; a file as one likes', (t) => {
  const fine = [
    ...[
      'grubx64.efi',
      'grubaa64.efi',
      'ipxe.efi',
      'revocations.efi',
      'shim_certificate_0.efi',
      'BOOTX64.efi',
    ].map((filename) => ({ kind: 'efi', filename }) as const),
    ...['modloop-lts', 'preseed.cfg', 'boot.efi', 'a'].map(
      (filename) => ({ kind: 'file', filename }) as const,
    ),
    ...(['kernel', 'efi', 'file', 'rootfs'] as const).map((kind) => ({ kind })),
  ];
  for (const one of fine) t.is(filenameFault(one), undefined, JSON.stringify(one));
  for (const [filename, wanted] of [
    ['grub.cfg', /must end in \.efi/],
    ['boot.efi', /where the first stage itself is/],
    ['../grubx64.efi', /must be 1 to 128/],
    ['a b.efi', /must be 1 to 128/],
    ['', /must be 1 to 128/],
  ] as const)
    t.regex(filenameFault({ kind: 'efi', filename }) ?? '', wanted, filename);
  for (const kind of ['kernel', 'initrd', 'iso', 'rootfs'] as const)
    t.regex(filenameFault({ kind, filename: 'a' }) ?? '', /must be left out/, kind);
});
