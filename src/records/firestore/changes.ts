import { randomUUID } from 'node:crypto';
import { Timestamp } from '@google-cloud/firestore';
import { lru } from '../../lru.ts';
import type { ChangeFeed, Named } from '../changes.ts';
import type { Change } from '../records.ts';
import { type ClientOptions, openListeningClient } from './client.ts';
import type { Found, Write } from './documents.ts';
import type { Store } from './store.ts';
import { textOf, timestampOf } from './time.ts';

/** How long an entry is kept at least; whoever has not asked for longer than that has lost track. */
const keptMs = 3600 * 1000;
/**
 * `added_at` is when Firestore began to work on a commit, not when it was done: entries may appear in another order. So each
 * question goes back over the time that a commit takes at the most, and what is known already is left out.
 */
const overlapMs = 30_000;
/** More at once is not told one by one. */
const most = 200;

/** The entry by which others hear of a commit, which is to be part of that commit. */
export function announced(changed: readonly Named[]): Write[] {
  if (changed.length === 0) return [];
  const expire_at = new Date(Date.now() + keptMs);
  return [
    { kind: 'create', place: ['changes', randomUUID()], content: { document: { changed }, expire_at } },
  ];
}

/** What booting reads of that which a write changes. */
export function named(changes: readonly Change[]): readonly Named[] {
  return changes.flatMap((change): Named[] => {
    switch (change.kind) {
      case 'machine':
      case 'rule':
        return [{ kind: change.kind, id: change.id }];
      case 'profile':
        return [{ kind: 'profile', id: change.to.id }];
      case 'asset':
        return [{ kind: 'asset', id: change.of.id }];
      default:
        return [];
    }
  });
}

/** Reads the entries, and listens for them by a client of its own. */
export function openChanges(store: Store, options: ClientOptions): ChangeFeed & { close(): void } {
  const known = lru<true>(10 * most);
  const open = new Set<() => void>();
  const news = (entries: readonly Pick<Found, 'place' | 'document'>[]) =>
    entries.flatMap(({ place: [, id], document }) => {
      if (known.get(id)) return [];
      known.set(id, true);
      return document.changed as readonly Named[];
    });

  return {
    since: (mark) =>
      store.read('reading what was changed', async (documents) => {
        const { found, readTime } = await documents.queryAt({
          from: 'changes',
          order: mark ? 'ASCENDING' : 'DESCENDING',
          ...(mark && { since: before(mark) }),
          limit: mark ? most : 1,
        });
        const isLost =
          mark === undefined || found.length === most || msOf(readTime) - msOf(mark) > keptMs / 2;
        const changes = news(found);
        return { changes: isLost ? 'lost' : changes, mark: readTime };
      }),

    listen(mark, told, ended) {
      const firestore = openListeningClient(options);
      const query = firestore.collection('changes').where('added_at', '>', timestampOf(before(mark)));
      const stop = query.onSnapshot((snapshot) => {
        const added = snapshot.docChanges().filter(({ type }) => type === 'added');
        const changes = news(added.map(({ doc }) => ({ place: ['changes', doc.id], document: doc.data() })));
        if (changes.length > 0) told(changes);
        // The library keeps all of them for as long as it listens.
        if (snapshot.size > 10 * most) end();
      }, end);
      const close = () => {
        stop();
        open.delete(close);
      };
      open.add(close);
      function end(error?: Error) {
        close();
        ended(error);
      }
    },

    close() {
      for (const close of open) close();
    },
  };
}

const msOf = (time: string) => (timestampOf(time) ?? Timestamp.now()).toMillis();
const before = (mark: string) => textOf(Timestamp.fromMillis(Math.max(0, msOf(mark) - overlapMs)));
