import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Kernel {
  /** Such as 6.1.0-40-cloud-amd64. */
  readonly release: string;
  /** The path of the kernel, which is an EFI program. */
  readonly image: string;
  /** The folder that the names in modules.dep start from. */
  readonly modules: string;
}

/** Fetches Debian's current cloud kernel with apt and unpacks it in `folder`, installing nothing. */
export async function fetchKernel(folder: string): Promise<Kernel> {
  await mkdir(folder, { recursive: true });
  const { stdout } = await run('apt-cache', ['depends', '--important', 'linux-image-cloud-amd64']);
  const name = /Depends: (linux-image-\S+)/.exec(stdout)?.[1];
  if (!name) throw new Error('apt knows no linux-image-cloud-amd64: run apt-get update, on Debian for amd64');
  await run('apt-get', ['download', '-o', 'APT::Sandbox::User=root', name], { cwd: folder });
  const [deb = ''] = (await readdir(folder)).filter((file) => file.endsWith('.deb'));
  await run('dpkg', ['-x', join(folder, deb), folder]);
  return unpackedKernel(folder, name.slice('linux-image-'.length));
}

async function unpackedKernel(folder: string, release: string): Promise<Kernel> {
  // From Debian 13 on the package has usr/lib, and modules that are compressed.
  if (!existsSync(join(folder, 'lib'))) await symlink('usr/lib', join(folder, 'lib'));
  // The package leaves modules.dep to its installation script.
  await run('busybox', ['depmod', '-b', folder, release]);
  return {
    release,
    image: join(folder, 'boot', `vmlinuz-${release}`),
    modules: join(folder, 'lib', 'modules', release),
  };
}
