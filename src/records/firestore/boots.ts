import { type BootEntry, recorded } from '../../boot/history/boot-entry.ts';
import { type BootRecord, mostBoots } from '../../boot/history/boot-record.ts';
import { keptUntil } from '../../boot/history/retention.ts';
import type { BootRecords } from '../records.ts';
import {
  type Content,
  type Documents,
  documentOf,
  type Found,
  isIndexed,
  type Place,
  put,
  type Write,
} from './documents.ts';
import { gathered } from './gathered.ts';
import { pageOf } from './page.ts';
import type { Store } from './store.ts';

/** The boots of one machine that are kept: beside them, so that their number has an end without counting them. */
interface History {
  /** Ids, the oldest first. */
  readonly boots: readonly string[];
}

const historyPlace = (machine: string): Place => ['histories', machine];
const bootPlace = (id: string): Place => ['boots', id];

/** What happened in the boots of machines. Firestore itself deletes those that are too old, by their `expire_at`. */
export function bootRecords(store: Store, keepDays: number): BootRecords {
  const expiry = (at: string) => keptUntil(at, keepDays);
  const contentOf = (boot: BootRecord): Content => ({
    document: boot,
    texts: { stages_texts: [...new Set(boot.steps.map(({ stage }) => stage))].filter(isIndexed) },
    expire_at: expiry(boot.at),
  });

  const historyOf = (boots: readonly string[], changed: readonly BootRecord[]): Content => ({
    document: { boots } satisfies History,
    expire_at: new Date(Math.max(...changed.map(({ at }) => expiry(at).getTime()))),
  });

  const add = gathered<BootEntry>((machine, entries) =>
    store.write('adding to a boot', async (documents, { mayHaveLanded }) => {
      // What an earlier run began is named by nobody yet.
      const begun = mayHaveLanded ? entries.map(({ fresh }) => fresh) : [];
      const named = [...new Set([...entries.flatMap(({ boot }) => boot ?? []), ...begun])];
      const [history, ...found] = await documents.get(historyPlace(machine), ...named.map(bootPlace));
      const { boots: ids } = documentOf<History>(history) ?? { boots: [] };
      const lastId = ids.at(-1);
      if (lastId !== undefined && !named.includes(lastId) && entries.some(needsLast(found)))
        found.push(...(await documents.get(bootPlace(lastId))));
      const before = new Map(found.flatMap((one) => (one ? [[one.place[1], one] as const] : [])));
      const changed = after(entries, { before, lastId, mayHaveLanded });
      const kept = [...ids, ...changed.begun];
      const gone = kept.splice(0, Math.max(0, kept.length - mostBoots)).map(bootPlace);
      const stay = changed.boots.filter(({ id }) => !gone.some(([, one]) => one === id));
      if (stay.length === 0) return;
      await documents.commit(
        ...stay.map((boot) => put(bootPlace(boot.id), before.get(boot.id), contentOf(boot))),
        ...(changed.begun.length > 0 ? [put(historyPlace(machine), history, historyOf(kept, stay))] : []),
        ...deleting(await documents.get(...gone)),
      );
    }),
  );

  return {
    addBootEntry: (entry) => add(entry.machine_id, entry),
    lastBoot: (machineId, stage) =>
      store.read('reading the last boot', async (documents) => {
        const [last] = await documents.query({
          from: 'boots',
          where: [
            { field: 'machine_id', op: 'EQUAL', value: machineId },
            ...(stage === undefined
              ? []
              : [{ field: 'stages_texts', op: 'ARRAY_CONTAINS', value: stage } as const]),
          ],
          order: 'DESCENDING',
          limit: 1,
        });
        return bootOf(last);
      }),
    firstBoot: (machineId, revision) =>
      store.read('reading the first boot of a revision', async (documents) => {
        const [first] = await documents.query({
          from: 'boots',
          where: [
            { field: 'machine_id', op: 'EQUAL', value: machineId },
            { field: 'revision', op: 'EQUAL', value: revision },
          ],
          order: 'ASCENDING',
          limit: 1,
        });
        return bootOf(first);
      }),
    listBoots: (machineId, page) =>
      store.read('listing boots', async (documents) => {
        const { items, next } = await pageOf<Stored>(documents, 'boots', { machine_id: machineId }, page);
        return { items: items.map(whole), ...(next && { next }) };
      }),
  };
}

/** Whether an entry does not say by itself in which boot it happened. */
function needsLast(found: readonly (Found | undefined)[]): (entry: BootEntry) => boolean {
  return ({ step, boot, machine_id }) =>
    step?.stage !== 'script' &&
    !found.some((one) => one?.place[1] === boot && bootOf(one)?.machine_id === machine_id);
}

interface Before {
  readonly before: ReadonlyMap<string, Found>;
  readonly lastId: string | undefined;
  readonly mayHaveLanded: boolean;
}

/** The boots that these entries change, and the ids of those that they begin, in order. */
function after(entries: readonly BootEntry[], { before, lastId, mayHaveLanded }: Before) {
  const boots = new Map<string, BootRecord>();
  const begun: string[] = [];
  const stored = (id: string | undefined) =>
    id === undefined ? undefined : (boots.get(id) ?? bootOf(before.get(id)));
  for (const entry of entries) {
    const [named, last] = [stored(entry.boot), stored(begun.at(-1) ?? lastId)];
    if (mayHaveLanded && [named, last, stored(entry.fresh)].some((boot) => holds(boot, entry))) continue;
    const boot = recorded(entry, { named, last });
    if (!boot) continue;
    if (!stored(boot.id)) begun.push(boot.id);
    boots.set(boot.id, boot);
  }
  return { boots: [...boots.values()], begun };
}

/** Whether an earlier run's commit, whose answer was lost, has happened. */
function holds(boot: BootRecord | undefined, { step }: BootEntry): boolean {
  return (
    boot?.steps.some(({ stage, at, last_at = at }) => stage === step?.stage && last_at === step.at) ?? false
  );
}

function deleting(found: readonly (Found | undefined)[]): Write[] {
  return found.flatMap((one) => (one ? [{ kind: 'delete', found: one } as const] : []));
}

/** Deletes what machines did that are there no more. */
export async function forgetBoots(documents: Documents, machine: string): Promise<void> {
  const [history] = await documents.get(historyPlace(machine));
  const { boots } = documentOf<History>(history) ?? { boots: [] };
  const found = [history, ...(await documents.get(...boots.map(bootPlace)))];
  await documents.commit(...deleting(found));
}

/** Versions before 0.2 wrote each thing that happened on its own. */
type Stored = BootRecord | (Omit<BootRecord, 'steps'> & { readonly stage: string; readonly detail?: string });

function bootOf(found: Found | undefined): BootRecord | undefined {
  const stored = documentOf<Stored>(found);
  return stored && whole(stored);
}

function whole(stored: Stored): BootRecord {
  if ('steps' in stored) return stored;
  const { stage, detail, ...boot } = stored;
  const { at, source } = boot;
  return { ...boot, steps: [{ at, stage, source, ...(detail !== undefined && { detail }) }] };
}
