import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { recorded } from '../../../boot/history/boot-entry.ts';
import { type BootRecord, isOwnStage, mostBoots } from '../../../boot/history/boot-record.ts';
import { isRetry } from '../../../boot/history/which-boot.ts';
import { inTransaction, sqlOn } from '../database.ts';
import { insertBoot } from './apply-task.ts';

/** What versions before 0.2 kept of a boot: each thing that happened, on its own. */
interface LooseEvent {
  readonly id: string;
  readonly at: string;
  readonly machine_id: string;
  readonly revision?: string;
  readonly stage: string;
  readonly source: string;
  readonly detail?: string;
}

/** Makes boots of the loose events of earlier versions, and takes these and what is pending out of the records. */
export function carryOver(boots: DatabaseSync, records: string): void {
  if (!existsSync(records)) return;
  const old = new DatabaseSync(records, { timeout: 10_000 });
  try {
    const bodies = (table: string) => old.prepare(`SELECT body FROM ${table} ORDER BY seq`).iterate();
    const isEmpty = (table: string) => old.prepare(`SELECT 1 FROM ${table} LIMIT 1`).get() === undefined;
    if (isEmpty('boot_events') && isEmpty('pending')) return;
    inTransaction(boots, () => {
      // What is there already came over in a process that was stopped before it took the rest away.
      const sql = sqlOn(boots);
      for (const boot of bootsIn(bodies('boot_events'))) insertBoot(sql, boot, JSON.stringify(boot));
      for (const { body } of bodies('pending'))
        sql.run('INSERT INTO pending (body) VALUES (?) ON CONFLICT (id) DO NOTHING', String(body));
    });
    inTransaction(old, () => old.exec('DELETE FROM boot_events; DELETE FROM pending'));
  } finally {
    old.close();
  }
}

/** The newest boots of each machine, in the order in which they began. */
function bootsIn(events: Iterable<Record<string, unknown>>): BootRecord[] {
  const ofMachine = new Map<string, Map<string, BootRecord>>();
  for (const { body } of events) {
    const event = JSON.parse(String(body)) as LooseEvent;
    const boots = ofMachine.get(event.machine_id) ?? new Map<string, BootRecord>();
    ofMachine.set(event.machine_id, boots);
    const boot = withEvent(boots, event);
    if (boot) boots.set(boot.id, boot);
    const [oldest] = boots.keys();
    if (boots.size > mostBoots && oldest) boots.delete(oldest);
  }
  const all = [...ofMachine.values()].flatMap((boots) => [...boots.values()]);
  return all.toSorted((one, other) => one.at.localeCompare(other.at));
}

function withEvent(boots: Map<string, BootRecord>, event: LooseEvent): BootRecord | undefined {
  const { id, at, machine_id, revision, stage, source, detail } = event;
  const last = [...boots.values()].at(-1);
  const begins = stage === 'script' && !isRetry(last, { revision: revision ?? '', at: new Date(at) });
  const step = { at, stage, source, ...(detail !== undefined && { detail }) };
  const entry = {
    machine_id,
    ...(revision && isOwnStage(stage) && { revision }),
    step,
    fresh: id,
    owned: true,
  };
  const named = begins ? undefined : last;
  return recorded({ ...entry, ...(named && { boot: named.id }) }, { named, last });
}
