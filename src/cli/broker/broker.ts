import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { Failure } from '../verb/failure.ts';
import { printable } from '../verb/printable.ts';
import type { Settings, System } from '../verb/system.ts';
import { type Api, api } from './api.ts';

/** Flags of every verb that talks to a broker. */
export interface BrokerOptions {
  readonly url?: string;
  readonly dataDir?: string;
}

export function brokerOptions(command: Command): Command {
  return command
    .option('--url <origin>', 'where the admin plane is (BROKER_URL, default http://127.0.0.1:8081)')
    .option(
      '--data-dir <folder>',
      "the broker's data folder, whose admin-token is used when BROKER_ADMIN_TOKEN is unset",
    );
}

/** Connects as the settings and flags say; mistakes in them end the command. */
export function broker(system: System, options: BrokerOptions, signal?: AbortSignal): Api {
  const settings = system.readSettings({ BROKER_URL: options.url, BROKER_DATA_DIR: options.dataDir });
  if ('mistakes' in settings) throw wrongSettings(settings.mistakes);
  return api(settings.url, bearer(settings), { signal, warn: warner(system) });
}

export function wrongSettings(mistakes: readonly string[]): Failure {
  return new Failure('usage', `${mistakes.join('; ')}; bootbroker config shows all settings`);
}

/** `BROKER_TOKEN`, else `BROKER_ADMIN_TOKEN`, else what the broker on this machine made for itself. */
function bearer({ token, adminToken, dataDir }: Settings): string {
  if (token) return token;
  if (adminToken) return adminToken;
  const path = join(dataDir, 'admin-token');
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new Failure(
      'usage',
      `there is no token: BROKER_TOKEN and BROKER_ADMIN_TOKEN are unset and ${path} cannot be read (${(error as NodeJS.ErrnoException).code}); set one, or name the broker's data folder with --data-dir`,
    );
  }
}

/** Tells each warning once, however many answers of one command carry it. */
function warner({ stderr }: System): (detail: string) => void {
  const told = new Set<string>();
  return (detail) => {
    if (told.has(detail)) return;
    told.add(detail);
    stderr.write(`bootbroker: warning: ${printable(detail)}\n`);
  };
}
