import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';

/** What one boot found. */
export interface Boot {
  /** When it was asked for, in ms since 1970. */
  readonly at: number;
  /** In ms. */
  readonly took: number;
  /** What it boots. */
  readonly revision: string | undefined;
  /** What Firestore was asked for it: `runQuery machines`, `batchGet`. */
  readonly calls: readonly string[];
  /** Complaints so far. */
  readonly silences: readonly string[];
}

/** An instance of the boot plane, as far as its records go, as a process of its own. */
export interface Booter {
  boot(): Promise<Boot>;
  kill(signal: NodeJS.Signals): void;
}

export function startBooter(t: ExecutionContext, host: string, project: string, mac: string): Booter {
  const script = fileURLToPath(new URL('booting.ts', import.meta.url));
  const child = spawn(process.execPath, [script, host, project, mac], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  t.teardown(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  child.stdin.on('error', () => {}); // it has ended, which is told below
  const waiting: ((boot: Boot) => void)[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.(JSON.parse(line)));
  const gone = ended.then(([code, signal]) => {
    throw new Error(`the process that boots ended with ${code ?? signal}`);
  });
  gone.catch(() => {}); // whoever waits for a boot is told
  return {
    boot() {
      const { promise, resolve } = Promise.withResolvers<Boot>();
      waiting.push(resolve);
      child.stdin.write('\n');
      return Promise.race([promise, gone]);
    },
    kill: (signal) => void child.kill(signal),
  };
}
