import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { within } from '../support/patience.ts';
import type { Room } from './room.ts';

const source = join(import.meta.dirname, '../../src');

/** A line of the broker's log. */
export type LogLine = Readonly<Record<string, unknown>>;

/** A broker in the room, as its users know it: a process, a command line and a log. */
export interface Broker {
  /** What it has logged. */
  readonly log: readonly LogLine[];
  /** Hears its log from now on. */
  hear(listener: (line: LogLine) => void): void;
  /** Runs a `bootbroker` command with --json; rejects with what it complained about. */
  command<Result>(...words: string[]): Promise<Result>;
  /** Tells it to end and resolves to its exit code, when its log is complete. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts a broker in an empty folder, with its default settings but for these. */
export async function startBroker(
  room: Room,
  settings: Readonly<Record<string, string>> = {},
): Promise<Broker> {
  const cwd = join(room.folder, 'broker');
  mkdirSync(cwd, { recursive: true });
  const outside = Object.entries(process.env).filter(([name]) => !name.startsWith('BROKER_'));
  // The command line keeps unfinished uploads in the home folder.
  const surroundings = { cwd, env: { ...Object.fromEntries(outside), ...settings, HOME: cwd } };
  const child = room.start(process.execPath, [join(source, 'main.ts')], surroundings);

  const log: LogLine[] = [];
  const listeners = new Set<(line: LogLine) => void>();
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line: LogLine = JSON.parse(text);
    log.push(line);
    if (line.message === 'ready') resolve();
    for (const listener of listeners) listener(line);
  });
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    complaints += text;
  });
  const ended = once(child, 'close') as Promise<[number | null]>;
  void ended.then(([code]) =>
    reject(new Error(`the broker ended with ${code}: ${complaints || JSON.stringify(log)}`)),
  );
  await within('the broker to be ready', ready);

  return {
    log,
    hear: (listener) => void listeners.add(listener),
    async command(...words) {
      const cli = [join(source, 'cli.ts'), ...words, '--json'];
      return JSON.parse(await room.run(process.execPath, cli, surroundings));
    },
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      const [code] = await ended;
      return code;
    },
  };
}
