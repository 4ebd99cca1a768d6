import { type BootEntry, recorded } from '../../boot/history/boot-entry.ts';
import { type BootRecord, mostBoots } from '../../boot/history/boot-record.ts';
import type { BootRecords } from '../records.ts';
import {
  type Content,
  type Documents,
  documentOf,
  type Found,
  isIndexed,
  type Place,
  put,
} from './documents.ts';
import { pageOf } from './page.ts';
import type { Store } from './store.ts';

const dayMs = 24 * 3600 * 1000;

/** The boots of one machine that are kept: beside them, so that their number has an end without counting them. */
interface History {
  /** Ids, the oldest first. */
  readonly boots: readonly string[];
}

const historyPlace = (machine: string): Place => ['histories', machine];
const bootPlace = (id: string): Place => ['boots', id];

/** What happened in the boots of machines. Firestore itself deletes those that are too old, by their `expire_at`. */
export function bootRecords(store: Store, keepDays: number): BootRecords {
  const expiry = (at: string) => new Date(Date.parse(at) + keepDays * dayMs);
  const contentOf = (boot: BootRecord): Content => ({
    document: boot,
    texts: { stages_texts: [...new Set(boot.steps.map(({ stage }) => stage))].filter(isIndexed) },
    expire_at: expiry(boot.at),
  });

  return {
    addBootEntry: (entry) =>
      store.write('adding to a boot', async (documents, { mayHaveLanded }) => {
        const [named, history] = await documents.get(
          bootPlace(entry.boot ?? ''),
          historyPlace(entry.machine_id),
        );
        const { boots } = documentOf<History>(history) ?? { boots: [] };
        const [last] = await documents.get(bootPlace(boots.at(-1) ?? ''));
        if (mayHaveLanded && [named, last].some((found) => holds(bootOf(found), entry))) return;
        const boot = recorded(entry, { named: bootOf(named), last: bootOf(last) });
        if (!boot) return;
        const content = contentOf(boot);
        const found = [named, last].find((one) => one?.place[1] === boot.id);
        if (found) return documents.commit({ kind: 'change', found, content });
        const kept = [...boots, boot.id];
        const gone = kept.splice(0, Math.max(0, kept.length - mostBoots)).map(bootPlace);
        await documents.commit(
          { kind: 'create', place: bootPlace(boot.id), content },
          put(historyPlace(boot.machine_id), history, {
            document: { boots: kept } satisfies History,
            expire_at: expiry(boot.at),
          }),
          ...(await documents.get(...gone)).flatMap((old) =>
            old ? [{ kind: 'delete', found: old } as const] : [],
          ),
        );
      }),
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

/** Whether an earlier run's commit, whose answer was lost, has happened. */
function holds(boot: BootRecord | undefined, { step }: BootEntry): boolean {
  return (
    boot?.steps.some(({ stage, at, last_at = at }) => stage === step?.stage && last_at === step.at) ?? false
  );
}

/** Deletes what machines did that are there no more. */
export async function forgetBoots(documents: Documents, machine: string): Promise<void> {
  const [history] = await documents.get(historyPlace(machine));
  const { boots } = documentOf<History>(history) ?? { boots: [] };
  const found = [history, ...(await documents.get(...boots.map(bootPlace)))];
  await documents.commit(...found.flatMap((one) => (one ? [{ kind: 'delete', found: one } as const] : [])));
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
