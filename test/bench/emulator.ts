import { spawn } from 'node:child_process';
import { type Start, startEmulator } from '../support/firestore-emulator.ts';
import { warm } from '../support/warm-firestore.ts';

/** It keeps all in memory: a hundred thousand machines are more than a test's. */
const roomy: Start = (program, args) => {
  const more = args.map((arg) => (arg.startsWith('-Xmx') ? '-Xmx4g' : arg));
  return spawn(program, more, { stdio: ['ignore', 'pipe', 'ignore'] });
};

let started: Promise<string> | undefined;

/** `host:port` of one Firestore emulator for the whole run, which has answered before. It ends when we do. */
export function firestoreHost(): Promise<string> {
  started ??= startEmulator(undefined, roomy).then(async ({ host }) => {
    await warm(host);
    return host;
  });
  return started;
}
