import { mostPending, type PendingMachine, seenAgain } from '../../boot/machine/pending-machine.ts';
import type { PendingRecords } from '../records.ts';
import { only, pageOf, type Sql } from './sql.ts';

/** Machines that nobody has registered. */
export function pendingRecords(sql: Sql): PendingRecords {
  const byId = (id: string) => only<PendingMachine>(sql, 'SELECT body FROM pending WHERE id = ?', id);
  return {
    addPending: (seen) =>
      sql.write('adding pending machines', () => {
        for (const one of seen) {
          const before = byId(one.id);
          const body = JSON.stringify(seenAgain(before, one));
          if (before) sql.run('UPDATE pending SET body = ? WHERE id = ?', body, one.id);
          else sql.run('INSERT INTO pending (body) VALUES (?)', body);
        }
        sql.run(
          'DELETE FROM pending WHERE seq NOT IN (SELECT seq FROM pending ORDER BY last_seen DESC, seq DESC LIMIT ?)',
          mostPending,
        );
      }),
    pending: (id) => sql.read('reading a pending machine', () => byId(id)),
    listPending: (page) =>
      sql.read('listing pending machines', () => pageOf<PendingMachine>(sql, 'pending', {}, page)),
  };
}
