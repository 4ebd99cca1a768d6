import { type BootEntry, recorded } from '../../../boot/history/boot-entry.ts';
import { type BootRecord, mostBoots } from '../../../boot/history/boot-record.ts';
import { outdatedBefore } from '../../../boot/history/retention.ts';
import { documents, type Sql } from '../sql.ts';
import { updatePending } from './pending.ts';
import type { Task } from './task.ts';

/** How many outdated boots go with each new one: more than one, so that a room that grew smaller shrinks, too. */
const expiredAtOnce = 20;

/** Does one task, inside the transaction of its group. */
export function applyTask(sql: Sql, task: Task, keepDays: number): void {
  if (task.kind === 'record') record(sql, task.entry, keepDays);
  else if (task.kind === 'pending') updatePending(sql, task);
  else if (task.kind === 'forget')
    for (const machine of task.machines) sql.run('DELETE FROM boots WHERE machine_id = ?', machine);
  else sql.run('DELETE FROM boots WHERE at < ?', task.before);
}

function record(sql: Sql, entry: BootEntry, keepDays: number): void {
  const named = entry.boot === undefined ? undefined : bootById(sql, entry.boot);
  const last = lastBoot(sql, entry.machine_id);
  const boot = recorded(entry, { named, last });
  if (!boot) return;
  const body = JSON.stringify(boot);
  if (sql.run('UPDATE boots SET body = ? WHERE id = ?', body, boot.id) > 0) return;
  sql.run('INSERT INTO boots (body) VALUES (?)', body);
  sql.run(
    `DELETE FROM boots WHERE machine_id = ?1 AND seq <=
       (SELECT seq FROM boots WHERE machine_id = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)`,
    boot.machine_id,
    mostBoots,
  );
  sql.run(
    'DELETE FROM boots WHERE seq IN (SELECT seq FROM boots ORDER BY seq LIMIT ?) AND at < ?',
    expiredAtOnce,
    outdatedBefore(new Date(boot.at), keepDays).toISOString(),
  );
}

function bootById(sql: Sql, id: string): BootRecord | undefined {
  return documents<BootRecord>(sql, 'SELECT body FROM boots WHERE id = ?', id)[0];
}

export function lastBoot(sql: Sql, machineId: string): BootRecord | undefined {
  return documents<BootRecord>(
    sql,
    'SELECT body FROM boots WHERE machine_id = ? ORDER BY seq DESC LIMIT 1',
    machineId,
  )[0];
}
