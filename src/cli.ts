import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import manifest from '../package.json' with { type: 'json' };
import { run } from './cli/program.ts';
import type { System } from './cli/verb/system.ts';
import { flagOf, readConfig, stateHome } from './config/config.ts';
import type { Setting } from './config/setting.ts';
import { settings } from './config/settings.ts';

/** What the commands need from the rooms that they may not enter. A verb loads what it runs, and nothing else. */
const system: System = {
  version: manifest.version,
  settings: (Object.values(settings) as Setting<unknown>[]).map((one) => ({
    name: one.name,
    flag: flagOf(one.name),
    default: one.default,
    about: one.about,
    secret: one.secret === true,
  })),
  readSettings: (flags) => {
    const read = readConfig(flags);
    return 'mistakes' in read ? read : read.config;
  },
  serve: async (flags) => (await import('./main.ts')).serve(flags),
  async *diagnose(flags) {
    const read = readConfig(flags);
    if ('mistakes' in read) throw new Error(read.mistakes.join('; '));
    const { diagnose, surroundings } = await import('./doctor.ts');
    yield* diagnose(read.config, surroundings());
  },
  startStorage: async (options) => (await import('./storage-alone.ts')).startStorageAlone(options),
  stateDir: join(stateHome(), 'bootbroker'),
  stdout: process.stdout,
  stderr: process.stderr,
  sleep: async (milliseconds, signal) => {
    await sleep(milliseconds, undefined, { signal }).catch(() => signal.throwIfAborted());
  },
  clock: () => new Date(),
};

// `bootbroker asset list | head` is no error
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
process.exitCode = await run(process.argv.slice(2), system);
