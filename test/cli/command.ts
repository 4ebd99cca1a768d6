import { join } from 'node:path';
import { run } from '../../src/cli/program.ts';
import type { SettingInfo, System } from '../../src/cli/verb/system.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Two settings that stand for all, so that the golden texts do not change with each of them. */
export const fewSettings: readonly SettingInfo[] = [
  {
    name: 'BROKER_LISTEN',
    flag: '--listen',
    default: '0.0.0.0:8080',
    about: 'Where machines ask: the boot plane.',
    secret: false,
  },
  {
    name: 'BROKER_ADMIN_TOKEN',
    flag: '--admin-token',
    default: undefined,
    about: 'Bearer token of the admin plane; unset: made once, | as it were.',
    secret: true,
  },
];

/** Runs command lines in this process, with pauses that do not pause. */
export function command(changes: {
  readonly url?: string;
  readonly token?: string | undefined;
  readonly dir?: string;
  readonly tty?: boolean;
  readonly system?: Partial<System>;
}): (...args: string[]) => Promise<Ran> {
  return async (...args) => {
    let stdout = '';
    let stderr = '';
    const code = await run(args, {
      version: '1.2.3',
      settings: fewSettings,
      readSettings: (flags) => ({
        url: flags.BROKER_URL ?? changes.url ?? 'http://127.0.0.1:9',
        dataDir: flags.BROKER_DATA_DIR ?? join(changes.dir ?? '/nonexistent', 'data'),
        adminToken: changes.token,
        token: undefined,
      }),
      serve: async () => 0,
      async *diagnose() {},
      startStorage: async () => ({ mistakes: ['no storage here'] }),
      stateDir: join(changes.dir ?? '/nonexistent', 'state'),
      stdout: {
        write: (text) => {
          stdout += text;
        },
      },
      stderr: {
        isTTY: changes.tty ?? false,
        columns: 100,
        write: (text) => {
          stderr += text;
        },
      },
      sleep: async (_, signal) => signal.throwIfAborted(),
      clock: () => new Date(),
      ...changes.system,
    });
    return { code, stdout, stderr };
  };
}
