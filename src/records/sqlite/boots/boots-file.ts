import type { DatabaseSync } from 'node:sqlite';
import { inTransaction, openDatabase, sqlOn } from '../database.ts';
import type { Sql } from '../sql.ts';
import { applyTask } from './apply-task.ts';
import { carryOver } from './carry-over.ts';
import { checkpointPages, diskOfSync, isFull, setRoom } from './room.ts';
import { bootsMigrations } from './schema.ts';
import type { Task, WriterOptions } from './task.ts';

/** `boots.db`, open to write: by one thread of this process, and perhaps by others of other processes. */
export interface BootsFile {
  /** All of them in one commit, which is on disk when it returns. Throws when nothing of it was done. */
  write(tasks: readonly Task[]): void;
  /** Looks how much room the disk has, and whether that is enough. */
  look(): 'ok' | 'full';
  close(): void;
}

/** How long it waits for another process's writer. No event loop waits with it. */
const busyTimeoutMs = 10_000;

/** SQLITE_FULL (https://sqlite.org/rescode.html#full): the disk is, or the file has all the pages that it may have. */
const full = 13;

/** Opens the file, makes it where it is not there, and carries over what earlier versions kept elsewhere. */
export function openBootsFile({ file, records, keepDays }: WriterOptions): BootsFile {
  const database = openDatabase(file, bootsMigrations, busyTimeoutMs);
  database.exec(`PRAGMA wal_autocheckpoint = ${checkpointPages}; PRAGMA journal_size_limit = ${2 ** 20}`);
  const sql = sqlOn(database);
  carryOver(database, records);
  return {
    write(tasks) {
      const work = () => {
        for (const task of tasks) applyTask(sql, task, keepDays);
      };
      for (;;)
        try {
          return inTransaction(database, work);
        } catch (cause) {
          if (!isFullError(cause) || makeRoom(database, sql) === 0) throw cause;
        }
    },
    look() {
      const disk = diskOfSync(file);
      setRoom(database, disk);
      return isFull(disk) ? 'full' : 'ok';
    },
    close: () => database.close(),
  };
}

function isFullError(cause: unknown): boolean {
  return (cause as { errcode?: number }).errcode === full;
}

/** The oldest twentieth goes: what is new says more. Returns how many boots that were. */
function makeRoom(database: DatabaseSync, sql: Sql): number {
  return inTransaction(database, () =>
    sql.run(
      'DELETE FROM boots WHERE seq IN (SELECT seq FROM boots ORDER BY seq LIMIT (SELECT 1 + count(*) / 20 FROM boots))',
    ),
  );
}
