import type { DatabaseSync } from 'node:sqlite';
import type { BootRecord } from '../../../boot/history/boot-record.ts';
import { lru } from '../../../lru.ts';
import { inTransaction, openDatabase, sqlOn } from '../database.ts';
import type { Sql } from '../sql.ts';
import { applyTask } from './apply-task.ts';
import { carryOver } from './carry-over.ts';
import { diskOfSync, isFull, setLog, setRoom } from './room.ts';
import { bootsMigrations } from './schema.ts';
import type { LastBoot, Task, WriterOptions } from './task.ts';

/** `boots.db`, open to write: by one thread of this process, and perhaps by others of other processes. */
export interface BootsFile {
  /** All of them in one commit, which is on disk when it returns, with what becomes of last boots. Throws when nothing of it was done. */
  write(tasks: readonly Task[]): readonly LastBoot[];
  /** Looks whether another process has written. */
  lookForOthers(): void;
  /** Whether that was seen, before a commit or by looking, since this was last asked. */
  othersWrote(): boolean;
  /** Looks how much room the disk has, and whether that is enough. */
  look(): 'ok' | 'full';
  close(): void;
}

/** Machines whose last boots are kept in memory: with what `applyTask` keeps of each, some tens of MB at the very most. */
const mostKnown = 10_000;

/** How long it waits for another process's writer. No event loop waits with it. */
const busyTimeoutMs = 10_000;

/** SQLITE_FULL (https://sqlite.org/rescode.html#full): the disk is, or the file has all the pages that it may have. */
const full = 13;

/** Opens the file, makes it where it is not there, and carries over what earlier versions kept elsewhere. */
export function openBootsFile({ file, records, keepDays }: WriterOptions): BootsFile {
  const database = openDatabase(file, bootsMigrations, busyTimeoutMs);
  const sql = sqlOn(database);
  carryOver(database, records);
  const known = lru<BootRecord>(mostKnown);
  const version = database.prepare('PRAGMA data_version');
  const versionNow = () => version.get()?.data_version;
  let seen = versionNow();
  let others = false;
  /** SQLite counts the commits of others (https://sqlite.org/pragma.html#pragma_data_version). */
  const lookForOthers = () => {
    const now = versionNow();
    if (now === seen) return;
    seen = now;
    others = true;
    known.clear();
  };
  return {
    write(tasks) {
      const last = new Map<string, string | undefined>();
      const work = () => {
        lookForOthers(); // from here on none of them can write
        for (const task of tasks) applyTask({ sql, keepDays, known, last }, task);
      };
      for (;;)
        try {
          inTransaction(database, work);
          return [...last];
        } catch (cause) {
          // They hold what was not written after all.
          known.clear();
          last.clear();
          if (!isFullError(cause) || makeRoom(database, sql) === 0) throw cause;
        }
    },
    lookForOthers,
    othersWrote() {
      const wrote = others;
      others = false;
      return wrote;
    },
    look() {
      const disk = diskOfSync(file);
      setRoom(database, disk);
      setLog(database, disk);
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
