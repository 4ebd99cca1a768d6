import { accessSync, constants, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Config } from '../config/config.ts';
import { openFileLine, openToOthers } from '../secret-files.ts';
import { failed, type Outcome, passed, skipped } from './finding.ts';

/** A folder to work in as the broker would. */
export interface DataDir {
  readonly path: string;
  close(): void;
}

/** Everything that the broker keeps there and cannot do without once it exists. */
const files = [
  'admin-token',
  'storage-token',
  'hmac-secret',
  'records.db',
  'storage/index.sqlite',
  'storage/files',
];

function needsDataDir({ storage, records, roles, adminToken }: Config): boolean {
  return storage === 'local' || records === 'sqlite' || (roles.includes('admin') && !adminToken);
}

/**
 * Whether the data folder can be used. One that does not exist yet is left to the broker to make, and a temporary one
 * stands in, at the place where the folder would be made.
 */
export function checkDataDir(config: Config): Outcome<DataDir> {
  if (!needsDataDir(config)) return skipped('these settings keep nothing in a folder');
  const path = resolve(config.dataDir);
  if (!existsSync(path)) return standIn(path);
  const owner = statSync(path).uid;
  const self = process.geteuid?.();
  // What another user makes there, root included, the broker might not be able to read.
  if (self !== undefined && owner !== self)
    return failed(
      `${path} belongs to user ${owner}, and this is user ${self}; run it as the broker's user (sudo -u '#${owner}' bootbroker doctor), or correct BROKER_DATA_DIR`,
    );
  const closed = ['.', ...files].find((name) => existsSync(join(path, name)) && !isOpen(join(path, name)));
  if (closed !== undefined)
    return failed(
      `${join(path, closed)} cannot be read and written by user ${self}; give it to that user, or correct BROKER_DATA_DIR`,
    );
  const found = { path, close: () => {} };
  const open = openToOthers([], path);
  if (open.length > 0) return failed(open.map(openFileLine).join('; '), found);
  return passed(`${path} can be read and written`, found);
}

function standIn(path: string): Outcome<DataDir> {
  let parent = dirname(path);
  while (!existsSync(parent)) parent = dirname(parent);
  try {
    const temporary = mkdtempSync(join(parent, '.bootbroker-doctor-'));
    return passed(`there is no ${path} yet, but the broker can make it`, {
      path: temporary,
      close: () => rmSync(temporary, { recursive: true, force: true }),
    });
  } catch (error) {
    return failed(
      `${path} does not exist and cannot be made: ${(error as Error).message}; make it for the broker's user, or correct BROKER_DATA_DIR`,
    );
  }
}

function isOpen(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
