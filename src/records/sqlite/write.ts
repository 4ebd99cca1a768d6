import { type AuditEntry, type AuditEvent, chained, chainStart } from '../../boot/access/audit.ts';
import type { ApiToken } from '../../boot/access/token.ts';
import type { AssetName } from '../../boot/asset/asset-name.ts';
import type { Upload } from '../../boot/asset/upload.ts';
import type { Machine } from '../../boot/machine/machine.ts';
import { conflictOf, machinesGone, macsMoved, writing } from '../conflict.ts';
import type { Change, OnAudited, Records } from '../records.ts';
import { namedAsset } from './assets.ts';
import type { BootsWriter } from './boots/writer.ts';
import { rulebook } from './rules.ts';
import { documents, only, type Sql } from './sql.ts';

/** All changes of one call, and what is to be remembered of them. */
export function writes(
  sql: Sql,
  boots: Pick<BootsWriter, 'write'>,
  onAudited?: OnAudited,
): Pick<Records, 'write'> {
  return {
    async write(changes, audit = []) {
      let events: readonly AuditEvent[] = [];
      const result = await sql.write(writing(changes), () => {
        const machines = new Map(
          changes.flatMap((change) =>
            change.kind === 'machine'
              ? [
                  [
                    change.id,
                    only<Machine>(sql, 'SELECT body FROM machines WHERE id = ?', change.id),
                  ] as const,
                ]
              : [],
          ),
        );
        const known = {
          machine: (id: string) => machines.get(id),
          token: (id: string) => only<ApiToken>(sql, 'SELECT body FROM tokens WHERE id = ?', id),
          namedAsset: (name: AssetName) => namedAsset(sql, name),
          upload: (id: string) => only<Upload>(sql, 'SELECT body FROM uploads WHERE id = ?', id),
          holder: (mac: string) =>
            only<Machine>(sql, 'SELECT body FROM machines JOIN macs ON machine_id = id WHERE mac = ?', mac)
              ?.id,
          rulebook: changes.some(({ kind }) => kind === 'rule') ? rulebook(sql) : [],
        };
        const conflict = conflictOf(changes, known);
        if (conflict) return conflict;
        const { released, claimed } = macsMoved(changes, known);
        for (const mac of released) sql.run('DELETE FROM macs WHERE mac = ?', mac);
        // An upload refers to its asset.
        const [uploads, others] = [changes.filter(isUpload), changes.filter((change) => !isUpload(change))];
        for (const change of [...others, ...uploads]) apply(sql, change);
        for (const [mac, id] of claimed) sql.run('INSERT INTO macs VALUES (?, ?)', mac, id);
        events = remember(sql, audit);
        return 'written' as const;
      });
      if (result === 'written' && events.length > 0) onAudited?.(events);
      if (result === 'written') await forgotten(changes, boots);
      return result;
    },
  };
}

/** What machines did goes with them; where that fails, it goes when it is outdated. */
async function forgotten(changes: readonly Change[], boots: Pick<BootsWriter, 'write'>): Promise<void> {
  const machines = machinesGone(changes);
  if (machines.length > 0)
    await boots.write('deleting boots of machines', { kind: 'forget', machines }).catch(() => {});
}

const tables = { machine: 'machines', rule: 'rules', token: 'tokens' } as const;

const isUpload = ({ kind }: Change) => kind === 'upload';

function apply(sql: Sql, change: Change): void {
  if (change.kind === 'profile') {
    sql.run('INSERT INTO profiles (body) VALUES (?)', JSON.stringify(change.to));
  } else if (change.kind === 'asset') {
    const { of, expected, to } = change;
    if (!to) {
      sql.run('DELETE FROM uploads WHERE asset_id = ?', of.id);
      sql.run('DELETE FROM assets WHERE id = ?', of.id);
    } else put(sql, 'assets', expected === undefined, to);
  } else if (change.kind === 'upload') {
    put(sql, 'uploads', change.expected === undefined, change.to);
  } else {
    const { kind, id, expected, to } = change;
    if (to) put(sql, tables[kind], expected === 0, to);
    else sql.run(`DELETE FROM ${tables[kind]} WHERE id = ?`, id);
  }
}

function put(sql: Sql, table: string, isNew: boolean, to: { readonly id: string }): void {
  if (isNew) sql.run(`INSERT INTO ${table} (body) VALUES (?)`, JSON.stringify(to));
  else sql.run(`UPDATE ${table} SET body = ? WHERE id = ?`, JSON.stringify(to), to.id);
}

/** Adds the entries to the chain. */
function remember(sql: Sql, audit: readonly AuditEntry[]): readonly AuditEvent[] {
  if (audit.length === 0) return [];
  const [last = chainStart] = documents<AuditEvent>(sql, 'SELECT body FROM audit ORDER BY seq DESC LIMIT 1');
  const events = chained(audit, last);
  for (const event of events)
    sql.run('INSERT INTO audit (seq, body) VALUES (?, ?)', event.seq, JSON.stringify(event));
  return events;
}
