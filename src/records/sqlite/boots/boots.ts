import type { BootRecord } from '../../../boot/history/boot-record.ts';
import type { BootRecords } from '../../records.ts';
import { documents, pageOf, type Sql } from '../sql.ts';
import { lastBoot } from './apply-task.ts';
import { type BootsReader, emptyPage } from './reader.ts';
import type { BootsWriter } from './writer.ts';

/** What happened in the boots of machines. */
export function bootRecords(
  writer: BootsWriter,
  { read }: BootsReader,
  onRead?: (read: string, result: 'hit' | 'miss') => void,
): Required<BootRecords> {
  const nothing = () => undefined;
  return {
    addBootEntry: (entry) => writer.write('adding to a boot', { kind: 'record', entry }),
    expireBoots: (before) =>
      writer.write('deleting outdated boots', { kind: 'expire', before: before.toISOString() }),
    async lastBoot(machineId, stage) {
      const known = stage === undefined ? await writer.last(machineId) : undefined;
      if (stage === undefined) onRead?.('lastBoot', known === undefined ? 'miss' : 'hit');
      if (known !== undefined) return JSON.parse(known);
      return read('reading the last boot', nothing, (sql) => {
        if (stage !== undefined) return lastOfStage(sql, machineId, stage);
        const last = lastBoot(sql, machineId);
        if (last) writer.keep(machineId, JSON.stringify(last));
        return last;
      });
    },
    firstBoot: (machineId, revision) =>
      read(
        'reading the first boot of a revision',
        nothing,
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
  };
}

function lastOfStage(sql: Sql, machineId: string, stage: string): BootRecord | undefined {
  return documents<BootRecord>(
    sql,
    `SELECT body FROM boots WHERE machine_id = ? AND EXISTS
       (SELECT 1 FROM json_each(body, '$.steps') WHERE value ->> 'stage' = ?) ORDER BY seq DESC LIMIT 1`,
    machineId,
    stage,
  )[0];
}
