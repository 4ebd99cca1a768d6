import { pendingAfter } from '../../../boot/machine/pending-book.ts';
import type { PendingMachine } from '../../../boot/machine/pending-machine.ts';
import type { PendingRecords } from '../../records.ts';
import { documents, only, pageOf, type Sql } from '../sql.ts';
import { type BootsReader, emptyPage } from './reader.ts';
import type { BootsWriter } from './writer.ts';

/** Machines that nobody has registered: the boot plane writes them, so they stand with the boots. */
export function pendingRecords(writer: BootsWriter, { read }: BootsReader): PendingRecords {
  return {
    updatePending: (seen, gone = []) =>
      writer.write('updating pending machines', { kind: 'pending', seen, gone }),
    pending: (id) =>
      read(
        'reading a pending machine',
        () => undefined,
        (sql) => only<PendingMachine>(sql, 'SELECT body FROM pending WHERE id = ?', id),
      ),
    listPending: (page) =>
      read(
        'listing pending machines',
        () => emptyPage(page),
        (sql) => pageOf<PendingMachine>(sql, 'pending', {}, page),
      ),
  };
}

/** Writes what is pending after that. */
export function updatePending(
  sql: Sql,
  { seen, gone }: { readonly seen: readonly PendingMachine[]; readonly gone: readonly string[] },
): void {
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
}
