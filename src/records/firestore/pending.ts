import { mostPending, type PendingMachine, seenAgain } from '../../boot/machine/pending-machine.ts';
import { encodeCursor, seqOf } from '../cursor.ts';
import type { Page, PageRequest, PendingRecords } from '../records.ts';
import { documentOf, type Found, type Place, put, type Write } from './documents.ts';
import type { Store } from './store.ts';

/**
 * All of them in one document: a flood of machines that nobody knows costs one write now and then, not one each, and there
 * are never more than fit.
 */
export const pendingPlace: Place = ['pending', 'all'];

interface Book {
  /** The highest number that was ever given. */
  readonly last: number;
  /** In the order of coming. */
  readonly items: readonly { readonly seq: number; readonly machine: PendingMachine }[];
}

/** Machines that nobody has registered. */
export function pendingRecords(store: Store): PendingRecords {
  const read = (doing: string) =>
    store.read(doing, async (documents) => bookIn((await documents.get(pendingPlace))[0]));
  return {
    addPending: (seen) =>
      store.write('adding pending machines', async (documents) => {
        const [found] = await documents.get(pendingPlace);
        await documents.commit(replaced(found, added(bookIn(found), seen)));
      }),
    pending: async (id) =>
      (await read('reading a pending machine')).items.find(({ machine }) => machine.id === id)?.machine,
    listPending: async (page) => pageOf(await read('listing pending machines'), page),
  };
}

/** Takes these out, if they are there. */
export function removePending(found: Found | undefined, ids: ReadonlySet<string>): Write[] {
  const { last, items } = bookIn(found);
  const left = items.filter(({ machine }) => !ids.has(machine.id));
  return left.length < items.length ? [replaced(found, { last, items: left })] : [];
}

function bookIn(found: Found | undefined): Book {
  return documentOf<Book>(found) ?? { last: 0, items: [] };
}

function replaced(found: Found | undefined, book: Book): Write {
  return put(pendingPlace, found, { document: book });
}

function added({ last, items }: Book, seen: readonly PendingMachine[]): Book {
  const known = new Map(items.map((item) => [item.machine.id, item]));
  let seq = last;
  for (const machine of seen) {
    const before = known.get(machine.id);
    if (!before) seq += 1;
    known.set(machine.id, { seq: before?.seq ?? seq, machine: seenAgain(before?.machine, machine) });
  }
  const newest = [...known.values()].toSorted(
    (a, b) => b.machine.last_seen.localeCompare(a.machine.last_seen) || b.seq - a.seq,
  );
  return { last: seq, items: newest.slice(0, mostPending).toSorted((a, b) => a.seq - b.seq) };
}

function pageOf({ items }: Book, { limit, cursor }: PageRequest): Page<PendingMachine> {
  const after = cursor === undefined ? 0 : seqOf(cursor);
  const rest = items.filter(({ seq }) => seq > after);
  const shown = rest.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(({ machine }) => machine),
    ...(last && rest.length > limit && { next: encodeCursor(String(last.seq)) }),
  };
}
