import { execFile } from 'node:child_process';
import { glob, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Fetches packages of another Debian release, from where this machine has its own, and unpacks them in `folder`. Nothing is
 * installed, and apt's lists on this machine stay as they are. Rejects when apt cannot get them.
 */
export async function unpackFrom(
  release: string,
  packages: readonly string[],
  folder: string,
): Promise<void> {
  const apt = join(folder, 'apt');
  for (const part of ['sources', 'state', 'cache']) await mkdir(join(apt, part), { recursive: true });
  await copySources(release, join(apt, 'sources'));
  const config = join(apt, 'apt.conf');
  await writeFile(config, settings(apt));
  await run('apt-get', ['--config-file', config, '--error-on=any', 'update']);
  await run('apt-get', ['--config-file', config, 'download', ...packages], { cwd: apt });
  for (const deb of await readdir(apt))
    if (deb.endsWith('.deb')) await run('dpkg', ['-x', join(apt, deb), folder]);
}

/** This machine's package sources for its own release, with the other in its place: the same mirror, the same keys. */
async function copySources(release: string, folder: string): Promise<void> {
  const own = /^VERSION_CODENAME=(.+)$/m.exec(await readFile('/etc/os-release', 'utf8'))?.[1];
  const suite = new RegExp(`(?<=\\s)${own}(?=[-\\s]|$)`, 'g');
  for await (const path of glob('/etc/apt/{sources.list,sources.list.d/*.{list,sources}}')) {
    // Entries are lines in the one format, paragraphs in the other: sources.list(5).
    const between = path.endsWith('.list') ? '\n' : /\n\s*\n/;
    const entries = (await readFile(path, 'utf8')).split(between).filter((entry) => entry.search(suite) >= 0);
    const text = entries.map((entry) => `${entry.replace(suite, release)}\n\n`).join('');
    await writeFile(join(folder, basename(path)), text);
  }
}

/** apt.conf(5); it is read after the machine's own, whose proxies hold here too. */
function settings(apt: string): string {
  return `
    Dir::Etc::SourceList "/dev/null";
    Dir::Etc::SourceParts "${apt}/sources";
    Dir::State "${apt}/state";
    Dir::State::status "/dev/null";
    Dir::Cache "${apt}/cache";
    Acquire::Languages "none";
    APT::Sandbox::User "root";
    // What the machine does after its own updates has no business here.
    #clear APT::Update::Post-Invoke;
    #clear APT::Update::Post-Invoke-Success;
  `;
}
