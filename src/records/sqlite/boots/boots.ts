import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { BootRecord } from '../../../boot/history/boot-record.ts';
import { seqOf } from '../../cursor.ts';
import type { BootRecords, Page, PageRequest } from '../../records.ts';
import { faultsAsStoreDown, sqlOn } from '../database.ts';
import { documents, pageOf, type Sql } from '../sql.ts';
import { lastBoot } from './apply-task.ts';
import type { BootsWriter } from './writer.ts';

/** What happened in the boots of machines: written by the writer's thread, read here. */
export function bootRecords(
  writer: BootsWriter,
  records: Sql,
): { readonly records: Required<BootRecords>; close(): Promise<void> } {
  let open: { readonly database: DatabaseSync; readonly sql: Sql } | undefined;
  let carriedOver: Promise<unknown> | undefined;
  /** What earlier versions kept must be there before anything is read. Tried again where it failed. */
  const allThere = () => {
    carriedOver ??= records
      .read('looking for boots of earlier versions', () =>
        records.rows('SELECT seq, body FROM boot_events LIMIT 1').length > 0 ? writer.ready() : undefined,
      )
      .catch((error: unknown) => {
        carriedOver = undefined;
        throw error;
      });
    return carriedOver;
  };
  let closed = false;

  /** Undefined: nothing was ever written. */
  const opened = (): Sql | undefined => {
    if (!open && existsSync(writer.file)) {
      const database = new DatabaseSync(writer.file, { readOnly: true, timeout: 1000 });
      // The thread has made the file, and no table in it yet.
      if (database.prepare('PRAGMA user_version').get()?.user_version === 0) database.close();
      else open = { database, sql: sqlOn(database) };
    }
    return open?.sql;
  };
  async function read<T>(doing: string, none: () => T, work: (sql: Sql) => T): Promise<T> {
    await allThere();
    return faultsAsStoreDown(doing, () => {
      if (closed) throw new Error('the records are closed');
      const sql = opened();
      return sql ? work(sql) : none();
    });
  }

  return {
    records: {
      addBootEntry: (entry) => writer.write('adding to a boot', { kind: 'record', entry }),
      expireBoots: (before) =>
        writer.write('deleting outdated boots', { kind: 'expire', before: before.toISOString() }),
      lastBoot: (machineId, stage) =>
        read(
          'reading the last boot',
          () => undefined,
          (sql) =>
            stage === undefined
              ? lastBoot(sql, machineId)
              : documents<BootRecord>(
                  sql,
                  `SELECT body FROM boots WHERE machine_id = ? AND EXISTS
                   (SELECT 1 FROM json_each(body, '$.steps') WHERE value ->> 'stage' = ?) ORDER BY seq DESC LIMIT 1`,
                  machineId,
                  stage,
                )[0],
        ),
      firstBoot: (machineId, revision) =>
        read(
          'reading the first boot of a revision',
          () => undefined,
          (sql) =>
            documents<BootRecord>(
              sql,
              "SELECT body FROM boots WHERE machine_id = ? AND body ->> 'revision' = ? ORDER BY seq LIMIT 1",
              machineId,
              revision,
            )[0],
        ),
      listBoots: (machineId, page) =>
        read(
          'listing boots',
          () => emptyPage(page),
          (sql) => pageOf<BootRecord>(sql, 'boots', { machine_id: machineId }, page),
        ),
    },
    async close() {
      closed = true;
      await writer.close();
      open?.database.close();
      open = undefined;
    },
  };
}

/** Before anything was written no list has returned a cursor. */
function emptyPage({ cursor }: PageRequest): Page<never> {
  if (cursor !== undefined) seqOf(cursor);
  return { items: [] };
}
