import { pendingAfter } from '../../boot/machine/pending-book.ts';
import type { PendingMachine } from '../../boot/machine/pending-machine.ts';
import { encodeCursor, seqOf } from '../cursor.ts';
import type { Page, PageRequest, PendingRecords } from '../records.ts';
import { documentOf, type Found, type Place, put } from './documents.ts';
import type { Store } from './store.ts';

/**
 * All of them in one document: a flood of machines that nobody knows costs one write now and then, not one each, and there
 * are never more than fit.
 */
const pendingPlace: Place = ['pending', 'all'];

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
    updatePending: (seen, gone) =>
      store.write('updating pending machines', async (documents) => {
        const [found] = await documents.get(pendingPlace);
        const book = bookIn(found);
        const after = bookAfter(book, seen, gone);
        if (isSame(book, after)) return;
        await documents.commit(put(pendingPlace, found, { document: after }));
      }),
    pending: async (id) =>
      (await read('reading a pending machine')).items.find(({ machine }) => machine.id === id)?.machine,
    listPending: async (page) => pageOf(await read('listing pending machines'), page),
  };
}

function bookIn(found: Found | undefined): Book {
  return documentOf<Book>(found) ?? { last: 0, items: [] };
}

function bookAfter(
  { last, items }: Book,
  seen: readonly PendingMachine[],
  gone: readonly string[] | undefined,
): Book {
  const seqs = new Map(items.map(({ seq, machine }) => [machine.id, seq]));
  const known = items.map(({ machine }) => machine);
  const left = new Set(gone);
  let given = last;
  const after = pendingAfter(known, seen, gone).map((machine) => {
    const seq = left.has(machine.id) ? undefined : seqs.get(machine.id);
    if (seq === undefined) given += 1;
    return { seq: seq ?? given, machine };
  });
  return { last: given, items: after };
}

function isSame({ items }: Book, after: Book): boolean {
  return (
    items.length === after.items.length &&
    items.every(({ machine }, n) => machine === after.items[n]?.machine)
  );
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
