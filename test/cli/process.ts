import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';

const bin = fileURLToPath(new URL('../../bin/bootbroker', import.meta.url));

/** The system's own Node, an older one if there is one: it is what starts `bin/bootbroker`. */
export const systemNode =
  (process.env.PATH ?? '')
    .split(delimiter)
    .filter((dir) => !dir.includes('node_modules'))
    .map((dir) => join(dir, 'node'))
    .find((path) => existsSync(path)) ?? process.execPath;

export type Start = (
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
  options?: SpawnOptions,
) => ChildProcess;

/** An empty folder in which the command is a link, as an installation makes it, and has no setting but the given ones. */
export async function installed(t: ExecutionContext): Promise<{ dir: string; start: Start }> {
  const dir = await mkdtemp(join(tmpdir(), 'broker-process-'));
  const running = new Set<ChildProcess>();
  t.teardown(async () => {
    for (const child of running) {
      // passed on to the broker behind bin/bootbroker, as SIGKILL could not be
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    await rm(dir, { recursive: true, force: true });
  });
  await symlink(bin, join(dir, 'bootbroker'));
  return {
    dir,
    start(args, env = {}, options = {}) {
      const child = spawn(systemNode, [join(dir, 'bootbroker'), ...args], {
        cwd: dir,
        env: { PATH: process.env.PATH, HOME: dir, ...env },
        ...options,
      });
      running.add(child);
      child.once('exit', () => running.delete(child));
      return child;
    },
  };
}

/** Waits for the end of a process that has just been started. */
export async function ended(child: ChildProcess) {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (piece) => {
    stdout += piece;
  });
  child.stderr?.on('data', (piece) => {
    stderr += piece;
  });
  const [code] = await once(child, 'close');
  return { code: code as number | null, stdout, stderr };
}
