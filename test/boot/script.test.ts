import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { parseMac } from '../../src/boot/machine/identity.ts';
import { autoexecScript, bootstrapScript, diskScript, machineScript } from '../../src/boot/script.ts';
import { cmdlineFault } from '../../src/boot/template/cmdline.ts';
import { resolvedAsset, revision } from './examples.ts';

const machine = {
  id: '0197-machine',
  macs: [parseMac('52:54:00:aa:bb:01') ?? ''],
  labels: {},
  networks: [],
  history: [],
  version: 1,
  created_at: '2026-01-01T00:00:00.000Z',
  updated_at: '2026-01-01T00:00:00.000Z',
};
const kernel = revision({
  kernel: resolvedAsset('kernel'),
  initrds: [resolvedAsset('initrd'), resolvedAsset('initrd')],
  cmdline: 'console=ttyS0 quiet',
});
const path = '/m/52:54:00:aa:bb:01/boot.ipxe';

const scripts: Readonly<Record<string, string>> = {
  bootstrap: bootstrapScript('/boot.ipxe', 'wait'),
  autoexec: autoexecScript('disk'),
  'machine-kernel': machineScript(machine, kernel, path, 'wait'),
  'machine-efi': machineScript(
    machine,
    revision({ efi: resolvedAsset('efi'), cmdline: 'a b' }),
    path,
    'disk',
  ),
  'machine-iso': machineScript(machine, revision({ iso: resolvedAsset('iso') }), path, 'wait'),
  disk: diskScript('nobody knows this machine'),
  'disk-sanboot': diskScript('it boots from its disk', 'sanboot'),
  'disk-exit': diskScript('it boots from its disk', 'exit'),
  'disk-fail': diskScript('it boots from its disk', 'fail'),
  'machine-kernel-sanboot': machineScript({ ...machine, disk_boot: 'sanboot' }, kernel, path, 'disk'),
};

test('the longest that SMBIOS can say stays within what the boot plane takes as a target', (t) => {
  // Structure and string are read by their lengths in one byte each (DSP0134 section 6.1.3); a uristring triples what it escapes.
  const strings = ['serial', 'manufacturer', 'product'];
  const url = bootstrapScript('/boot/x86_64/boot.ipxe', 'wait').split('\n')[2]?.split(' ')[3] ?? '';
  const sent = url.replaceAll(/\$\{([a-zA-Z0-9]+)[^}]*\}/g, (_, name) =>
    strings.includes(name) ? '%FF'.repeat(255) : 'x'.repeat(36),
  );
  t.true(strings.every((name) => url.includes(`${name}=\${${name}:uristring}`)));
  t.true(sent.length > 3 * 255 * 3 && sent.length < 4096, String(sent.length));
});

for (const [name, script] of Object.entries(scripts))
  test(`the ${name} script is as the one that was read and tried`, async (t) => {
    t.is(script, await readFile(join(import.meta.dirname, 'scripts', `${name}.ipxe`), 'utf8'));
  });

test('no URL in a script has a colon that old iPXE would take for the end of a scheme', (t) => {
  for (const [name, script] of Object.entries(scripts)) {
    const fetching = script
      .split('\n')
      .filter((line) => /^(chain|kernel|initrd|sanboot --no-describe \/)/.test(line));
    if (!name.startsWith('disk')) t.true(fetching.length > 0, name);
    for (const line of fetching) t.notRegex(line.replaceAll(/\$\{[^}]*\}/g, ''), /:/, line);
  }
});

test('every place to which a script goes is in it', (t) => {
  for (const [name, script] of Object.entries(scripts)) {
    const goals = [...script.matchAll(/\bgoto (\w+)/g)].map(([, label]) => label);
    for (const label of goals) t.regex(script, new RegExp(`^:${label}$`, 'm'), name);
  }
});

test('a command line that iPXE or Linux would read otherwise is refused', (t) => {
  for (const fine of ['', 'console=ttyS0,115200 ip=dhcp', 'a=b||c', "dyndbg='file x +p'", 'x'.repeat(1900)])
    t.is(cmdlineFault(fine), undefined, fine);
  for (const bad of [
    'x'.repeat(8192),
    'a\nboot',
    'a\tb',
    'käse',
    '${net0/mac}',
    'a || shell',
    'a && b',
    'a ; b',
    'a #b',
    '\0',
  ])
    t.is(typeof cmdlineFault(bad), 'string', bad);
});
