import { type ChildProcess, type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { freePort } from './free-port.ts';
import { within } from './patience.ts';

/** Google's own Firestore emulator, which keeps everything in memory. Tests that share one take a project each. */
export interface Emulator {
  readonly port: number;
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly process: ChildProcess;
  /** Ends it, and resolves when it is gone. */
  kill(): Promise<void>;
}

const jar = 'platform/cloud-firestore-emulator/cloud-firestore-emulator.jar';
const main = 'com.google.cloud.datastore.emulator.firestore.CloudFirestore';

/** Starts a program that is read from. */
export type Start = (
  program: string,
  args: readonly string[],
) => ChildProcessByStdio<null, Readable, Readable | null>;

const here: Start = (program, args) => spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });

/**
 * Starts one with java itself: `gcloud emulators` would put shells in between, which outlive a kill. Takes about 2 s.
 * `start` may start it elsewhere than here, such as in another network namespace.
 */
export async function startEmulator(port?: number, start = here): Promise<Emulator> {
  const { stdout } = await promisify(execFile)('gcloud', ['info', '--format=value(installation.sdk_root)']);
  for (let tries = 0; ; tries += 1) {
    // It can choose none itself. Somebody else may take this one before it does; then we try another.
    const at = port ?? (await freePort());
    const started = await run(join(stdout.trim(), jar), at, start);
    if (started) return started;
    if (tries === 3) throw new Error(`the Firestore emulator did not start at 127.0.0.1:${at}`);
  }
}

async function run(jarFile: string, port: number, start: Start): Promise<Emulator | undefined> {
  const options = ['-Duser.language=en', '-Xmx512m', '-cp', jarFile];
  const child = start('java', [...options, main, 'start', '--host=127.0.0.1', `--port=${port}`]);
  child.stderr?.resume();
  const end = once(child, 'exit');
  const dieWithUs = () => child.kill('SIGKILL');
  process.once('exit', dieWithUs);
  const kill = async () => {
    process.off('exit', dieWithUs);
    child.kill('SIGKILL');
    await end;
  };
  try {
    const isRunning = await within('the Firestore emulator to start', says('is now running', child.stdout));
    child.stdout.resume();
    if (isRunning) return { port, host: `127.0.0.1:${port}`, process: child, kill };
  } catch (error) {
    await kill();
    throw error;
  }
  await kill();
  return undefined;
}

/** False: it ended without saying so. */
async function says(words: string, output: Readable): Promise<boolean> {
  for await (const line of createInterface(output)) if (line.includes(words)) return true;
  return false;
}
