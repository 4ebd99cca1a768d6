import { pendingAfter } from '../../boot/machine/pending-book.ts';
import type { PendingMachine } from '../../boot/machine/pending-machine.ts';
import type { PendingRecords } from '../records.ts';
import { documents, only, pageOf, type Sql } from './sql.ts';

/** Machines that nobody has registered. */
export function pendingRecords(sql: Sql): PendingRecords {
  return {
    updatePending: (seen, gone) =>
      sql.write('updating pending machines', () => {
        const before = documents<PendingMachine>(sql, 'SELECT body FROM pending ORDER BY seq');
        const known = new Map(before.map((machine) => [machine.id, machine]));
        for (const machine of pendingAfter(before, seen, gone)) {
          const was = known.get(machine.id);
          known.delete(machine.id);
          if (!was) sql.run('INSERT INTO pending (body) VALUES (?)', JSON.stringify(machine));
          else if (was !== machine)
            sql.run('UPDATE pending SET body = ? WHERE id = ?', JSON.stringify(machine), machine.id);
        }
        for (const id of known.keys()) sql.run('DELETE FROM pending WHERE id = ?', id);
      }),
    pending: (id) =>
      sql.read('reading a pending machine', () =>
        only<PendingMachine>(sql, 'SELECT body FROM pending WHERE id = ?', id),
      ),
    listPending: (page) =>
      sql.read('listing pending machines', () => pageOf<PendingMachine>(sql, 'pending', {}, page)),
  };
}
