import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { median, round, spread } from '../statistics.ts';
import type { Workshop } from '../workshop.ts';

const cli = join(import.meta.dirname, '../../../src/cli.ts');
/** What people type, and what it is beside. */
const commands: Readonly<Record<string, readonly string[]>> = {
  'node that does nothing': ['--eval', '0'],
  '--help': [cli, '--help'],
  'machine list --help': [cli, 'machine', 'list', '--help'],
};

/** From starting the command line to its end, in ms, by turns, with a warm compile cache. */
export async function measureCommandLine({ folder }: Workshop, rounds: number) {
  const env = { PATH: process.env.PATH, HOME: folder, NODE_COMPILE_CACHE: join(folder, 'compile-cache') };
  const took: Record<string, number[]> = {};
  for (let turn = -2; turn < rounds; turn += 1)
    for (const [name, words] of Object.entries(commands)) {
      const began = performance.now();
      await promisify(execFile)(process.execPath, words, { env, cwd: folder });
      if (turn >= 0) took[name] = [...(took[name] ?? []), performance.now() - began];
    }
  const nothing = median(took['node that does nothing'] ?? []);
  return Object.fromEntries(
    Object.entries(took).map(([name, ms]) => [
      name,
      { ...spread(ms), to_nothing: round(median(ms) / nothing, 2) },
    ]),
  );
}
