import type { BootEvent } from '../../boot/boot-event.ts';
import type { BootRecords } from '../records.ts';
import { documentOf } from './documents.ts';
import { isConflict } from './fault.ts';
import { pageOf } from './page.ts';
import type { Store } from './store.ts';

/** How long Firestore keeps what happened in a boot. */
const bootKeptMs = 90 * 24 * 3600 * 1000;

/** What happened in the boots of machines. */
export function bootRecords(store: Store): BootRecords {
  return {
    addBootEvent: (event) =>
      store.write('adding a boot event', async (documents) => {
        const expire_at = new Date(Date.parse(event.at) + bootKeptMs);
        const content = { document: event, expire_at };
        await documents
          .commit({ kind: 'create', place: ['boots', event.id], content })
          .catch((error: unknown) => {
            if (!isConflict(error)) throw error;
          });
      }),
    lastBootEvent: (machineId, stage) =>
      store.read('reading the last boot event', async (documents) => {
        const [last] = await documents.query({
          from: 'boots',
          where: [
            { field: 'machine_id', op: 'EQUAL', value: machineId },
            { field: 'stage', op: 'EQUAL', value: stage },
          ],
          order: 'DESCENDING',
          limit: 1,
        });
        return documentOf<BootEvent>(last);
      }),
    firstBootEvent: (machineId, stage, revision) =>
      store.read('reading the first boot event of a revision', async (documents) => {
        const [first] = await documents.query({
          from: 'boots',
          where: [
            { field: 'machine_id', op: 'EQUAL', value: machineId },
            { field: 'stage', op: 'EQUAL', value: stage },
            { field: 'revision', op: 'EQUAL', value: revision },
          ],
          order: 'ASCENDING',
          limit: 1,
        });
        return documentOf<BootEvent>(first);
      }),
    listBootEvents: (machineId, page) =>
      store.read('listing boot events', (documents) =>
        pageOf<BootEvent>(documents, 'boots', { machine_id: machineId }, page),
      ),
  };
}
