import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Kernel } from './kernel.ts';

const guest = join(import.meta.dirname, 'guest');
const folders = ['bin', 'dev', 'modules', 'proc', 'sys'];

/** Packs busybox, the network driver and guest/init into `folder`; the same input gives the same bytes. Returns its path. */
export function packInitrd(kernel: Kernel, folder: string): string {
  const tree = join(folder, 'initrd');
  for (const name of folders) mkdirSync(join(tree, name), { recursive: true });
  copyFileSync('/bin/busybox', join(tree, 'bin/busybox'));
  for (const script of ['init', 'udhcpc']) copyFileSync(join(guest, script), join(tree, script));
  const modules = driver(kernel).map((module) => {
    const name = join('modules', basename(module, '.xz'));
    writeFileSync(join(tree, name), contents(join(kernel.modules, module)));
    return name;
  });
  writeFileSync(join(tree, 'modules/order'), modules.map((name) => `/${name}\n`).join(''));

  const files = ['bin/busybox', 'init', 'udhcpc', 'modules/order', ...modules];
  for (const name of files) chmodSync(join(tree, name), 0o755);
  const names = [...folders, ...files];
  for (const name of names) utimesSync(join(tree, name), 0, 0);
  const flags = ['--create', '--format=newc', '--reproducible', '--owner=0:0', '--quiet'];
  const archive = execFileSync('cpio', flags, {
    cwd: tree,
    input: `${names.join('\n')}\n`,
    maxBuffer: 64 << 20,
  });
  const initrd = join(folder, 'initrd.img');
  writeFileSync(initrd, gzipSync(archive));
  return initrd;
}

/** The modules that a virtio network card needs and that are not in the kernel itself, each after those it depends on. */
function driver(kernel: Kernel): string[] {
  const lines = readFileSync(join(kernel.modules, 'modules.dep'), 'utf8').split('\n');
  const wanted = lines.filter((line) => /\/virtio_(pci|net)\.ko(\.xz)?:/.test(line));
  // modules.dep names a module, then what it depends on, the deepest last (depmod(8)).
  const inOrder = wanted.flatMap((line) => line.replace(':', '').split(' ').filter(Boolean).toReversed());
  return [...new Set(inOrder)];
}

function contents(module: string): Buffer {
  if (!module.endsWith('.xz')) return readFileSync(module);
  return execFileSync('busybox', ['unxz', '-c', module], { maxBuffer: 64 << 20 });
}
