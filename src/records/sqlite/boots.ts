import type { BootEvent } from '../../boot/boot-event.ts';
import type { BootRecords } from '../records.ts';
import { documents, pageOf, type Sql } from './sql.ts';

/** What happened in the boots of machines. */
export function bootRecords(sql: Sql): BootRecords {
  return {
    addBootEvent: (event) =>
      sql.write('adding a boot event', () => {
        sql.run(
          'INSERT INTO boot_events (body) VALUES (?) ON CONFLICT (id) DO NOTHING',
          JSON.stringify(event),
        );
      }),
    lastBootEvent: (machineId, stage) =>
      sql.read(
        'reading the last boot event',
        () =>
          documents<BootEvent>(
            sql,
            'SELECT body FROM boot_events WHERE machine_id = ? AND stage = ? ORDER BY seq DESC LIMIT 1',
            machineId,
            stage,
          )[0],
      ),
    firstBootEvent: (machineId, stage, revision) =>
      sql.read(
        'reading the first boot event of a revision',
        () =>
          documents<BootEvent>(
            sql,
            "SELECT body FROM boot_events WHERE machine_id = ? AND stage = ? AND body ->> 'revision' = ? ORDER BY seq LIMIT 1",
            machineId,
            stage,
            revision,
          )[0],
      ),
    listBootEvents: (machineId, page) =>
      sql.read('listing boot events', () =>
        pageOf<BootEvent>(sql, 'boot_events', { machine_id: machineId }, page),
      ),
  };
}
