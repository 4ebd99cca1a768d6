import type { BootRecord } from '../../../boot/history/boot-record.ts';
import type { BootRecords } from '../../records.ts';
import { documents, pageOf } from '../sql.ts';
import { lastBoot } from './apply-task.ts';
import { type BootsReader, emptyPage } from './reader.ts';
import type { BootsWriter } from './writer.ts';

/** What happened in the boots of machines. */
export function bootRecords(writer: BootsWriter, { read }: BootsReader): Required<BootRecords> {
  const nothing = () => undefined;
  return {
    addBootEntry: (entry) => writer.write('adding to a boot', { kind: 'record', entry }),
    expireBoots: (before) =>
      writer.write('deleting outdated boots', { kind: 'expire', before: before.toISOString() }),
    lastBoot: (machineId, stage) =>
      read('reading the last boot', nothing, (sql) =>
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
