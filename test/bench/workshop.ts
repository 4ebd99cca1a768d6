import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Owner } from '../support/owner.ts';
import { pin } from './cores.ts';

/** Where a measurement's processes and files live. */
export interface Workshop extends Owner {
  readonly folder: string;
  /** Starts a server of ours, which tells where it listens. It ends when we do. */
  fork(entry: string, options: object): Promise<Server>;
  /** Starts another program in the foreground. What it complains about is shown. */
  spawn(program: string, args: readonly string[], env?: Readonly<Record<string, string>>): Running;
  /** Runs a program of ours on one core, which tells its result, and ends. */
  result<Result>(entry: string, options: object, core: number): Promise<Result>;
  /** Takes a process that was started already: it ends when we do. */
  running(child: ChildProcess): Running;
}

export interface Running {
  readonly pid: number;
  stop(): Promise<void>;
}

export interface Server extends Running {
  readonly origin: string;
}

/** Opens a folder; the end of this process, by Ctrl-C too, removes it and ends all that was started. */
export function openWorkshop(): Workshop {
  const folder = mkdtempSync(join(tmpdir(), 'bootbroker-bench-'));
  process.env.TMPDIR = folder; // so that what others make there goes with it
  const children = new Set<ChildProcess>();
  const teardowns: (() => unknown)[] = [];
  process.once('exit', () => {
    for (const teardown of teardowns) void teardown();
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => process.exit(128 + constants.signals[signal]));

  const running = (child: ChildProcess): Running => {
    const ended = once(child, 'exit');
    children.add(child);
    child.once('exit', () => children.delete(child));
    return {
      pid: child.pid ?? 0,
      async stop() {
        child.kill('SIGKILL');
        await ended;
      },
    };
  };
  return {
    folder,
    teardown: (teardown) => void teardowns.push(teardown),
    async fork(entry, options) {
      const child = fork(entry, [JSON.stringify(options)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
      const process = running(child);
      const said = once(child, 'message') as Promise<[{ origin: string }]>;
      const ended = once(child, 'exit').then(([code]) =>
        Promise.reject(new Error(`${entry} ended with ${code}`)),
      );
      const [{ origin }] = await Promise.race([said, ended]);
      return { ...process, origin };
    },
    spawn: (program, args, env = {}) =>
      running(
        spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, ...env } }),
      ),
    async result<Result>(entry: string, options: object, core: number) {
      const child = fork(entry, [JSON.stringify(options)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
      pin(running(child).pid, core);
      const told = once(child, 'message') as Promise<[Result]>;
      // What it has told comes before.
      const silent = once(child, 'disconnect').then(() => Promise.reject(new Error(`${entry} told nothing`)));
      silent.catch(() => {});
      const [result] = await Promise.race([told, silent]);
      return result;
    },
    running,
  };
}
