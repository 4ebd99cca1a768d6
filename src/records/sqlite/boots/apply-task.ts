import { type BootEntry, recorded } from '../../../boot/history/boot-entry.ts';
import { type BootRecord, mostBoots } from '../../../boot/history/boot-record.ts';
import { outdatedBefore } from '../../../boot/history/retention.ts';
import type { Lru } from '../../../lru.ts';
import { documents, type Sql } from '../sql.ts';
import { updatePending } from './pending.ts';
import type { Task } from './task.ts';

/** How many outdated boots go with each new one: more than one, so that a room that grew smaller shrinks, too. */
const expiredAtOnce = 20;

/** A boot whose record is longer, in characters, is read again when its machine goes on with it. */
const longestKept = 4096;

/** What a group of tasks is done with, inside of its transaction. */
export interface Group {
  readonly sql: Sql;
  readonly keepDays: number;
  /** Last boots by machine, as they are in the file: what is written next mostly goes on with them. */
  readonly known: Lru<BootRecord>;
  /** Fills with what becomes of last boots. */
  readonly last: Map<string, string | undefined>;
}

/** Does one task, inside the transaction of its group. */
export function applyTask(group: Group, task: Task): void {
  const { sql, known, last } = group;
  if (task.kind === 'record') record(group, task.entry);
  else if (task.kind === 'pending') updatePending(sql, task);
  else if (task.kind === 'forget')
    for (const machine of task.machines) {
      sql.run('DELETE FROM boots WHERE machine_id = ?', machine);
      known.delete(machine);
      last.set(machine, undefined);
    }
  else {
    sql.run('DELETE FROM boots WHERE at < ?', task.before);
    known.clear();
  }
}

function record({ sql, known, last, keepDays }: Group, entry: BootEntry): void {
  const { machine_id, boot: id, step } = entry;
  const outdated = step && outdatedBefore(new Date(step.at), keepDays).toISOString();
  const kept = known.get(machine_id);
  const before = kept && (!outdated || kept.at >= outdated) ? kept : lastBoot(sql, machine_id);
  const named = id === undefined || id === before?.id ? before : bootById(sql, id);
  const boot = recorded(entry, { named: id === undefined ? undefined : named, last: before });
  if (!boot) return;
  const body = JSON.stringify(boot);
  const isLast = boot.id === before?.id;
  if (isLast || (boot.id === named?.id && named.machine_id === machine_id)) {
    sql.run('UPDATE boots SET body = ? WHERE id = ?', body, boot.id);
    if (!isLast) return;
  } else begin(sql, boot, body, outdated ?? '');
  if (body.length <= longestKept) known.set(machine_id, boot);
  else known.delete(machine_id);
  last.set(machine_id, body);
}

function begin(sql: Sql, boot: BootRecord, body: string, outdated: string): void {
  insertBoot(sql, boot, body);
  sql.run(
    `DELETE FROM boots WHERE machine_id = ?1 AND seq <=
       (SELECT seq FROM boots WHERE machine_id = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)`,
    boot.machine_id,
    mostBoots,
  );
  sql.run(
    'DELETE FROM boots WHERE seq IN (SELECT seq FROM boots ORDER BY seq LIMIT ?) AND at < ?',
    expiredAtOnce,
    outdated,
  );
}

/** Adds a boot, unless it is there. */
export function insertBoot(sql: Sql, { id, machine_id, at }: BootRecord, body: string): void {
  sql.run(
    'INSERT INTO boots (id, machine_id, at, body) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING',
    id,
    machine_id,
    at,
    body,
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
