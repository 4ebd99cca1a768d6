import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { LogLine } from './broker.ts';
import { watch } from './contract.ts';
import type { Owner } from './owner.ts';
import { within } from './patience.ts';

const main = join(import.meta.dirname, '../../src/main.ts');

/** The broker as a process of its own, in a folder of its own. */
export interface Child {
  readonly folder: string;
  /** Resolves when it has said that it is ready; rejects when it ends before. */
  readonly ready: Promise<{ readonly boot: number; readonly admin: number; readonly storage: number }>;
  /** All that it has written on standard output so far. */
  readonly stdout: () => string;
  readonly lines: () => readonly LogLine[];
  readonly stderr: () => string;
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Its exit code. */
  readonly ended: Promise<number | null>;
}

export interface ChildOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Where it starts; unless given, an empty folder that goes with the test. */
  readonly folder?: string;
  readonly uid?: number;
  /** How many files it may open. */
  readonly descriptors?: number;
}

/** By its clock 10 s never pass, so that it never ends if it waits for them. */
export const timeless = {
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(
    'const start = setTimeout; globalThis.setTimeout = Object.assign((then, ms, ...more) => start(then, ms === 10_000 ? 2 ** 31 - 1 : ms, ...more), start);',
  )}`,
};

export async function temporaryFolder(t: Owner): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bootbroker-test-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts `node src/main.ts` on free loopback ports. */
export async function startChild(
  t: Owner,
  { env = {}, folder, uid, descriptors }: ChildOptions = {},
): Promise<Child> {
  const cwd = folder ?? (await temporaryFolder(t));
  const anyPort = Object.fromEntries(
    ['LISTEN', 'ADMIN_LISTEN', 'STORAGE_LISTEN'].map((name) => [`BROKER_${name}`, '127.0.0.1:0']),
  );
  const limited = ['-c', `ulimit -n ${descriptors}; exec "$0" "$1"`, process.execPath, main];
  const [program, args] = descriptors ? ['/bin/sh', limited] : [process.execPath, [main]];
  const child = spawn(program, args, {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd, ...anyPort, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid !== undefined && { uid, gid: uid }),
  });
  let stdout = '';
  let stderr = '';
  const lines: LogLine[] = [];
  const ports: Record<string, number> = {};
  const unwatch: (() => void)[] = [];
  const { promise: ready, resolve, reject } = Promise.withResolvers<Awaited<Child['ready']>>();
  const started = within('the broker to be ready', ready);
  started.catch(() => {}); // a test that does not wait for it need not handle it
  const listening = (name: string, port: number) => {
    ports[name] = port;
    if (name === 'boot' || name === 'admin') unwatch.push(watch(port, name));
  };
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  createInterface({ input: child.stdout }).on('line', (text) => {
    stdout += `${text}\n`;
    const line: LogLine = JSON.parse(text);
    lines.push(line);
    if (line.message === 'listening') listening(String(line.listener), Number(line.port));
    if (line.message === 'ready') resolve(ports as unknown as Awaited<Child['ready']>);
  });
  const ended = once(child, 'close').then(([code]) => {
    for (const end of unwatch) end();
    reject(new Error(`the broker ended with ${code}: ${stderr || stdout}`));
    return code as number | null;
  });
  t.teardown(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return {
    folder: cwd,
    ready: started,
    stdout: () => stdout,
    lines: () => lines,
    stderr: () => stderr,
    kill: (signal) => void child.kill(signal),
    ended,
  };
}
