import { machineFields } from '../../boot/fields/machine.ts';
import { foundLater } from '../../boot/machine/find-machine.ts';
import type { Machine } from '../../boot/machine/machine.ts';
import type { ProfileRevision } from '../../boot/profile.ts';
import type { MachineRecords } from '../records.ts';
import { type Content, type Documents, documentOf } from './documents.ts';
import { pageOf } from './page.ts';
import { searched, searchTexts } from './search.ts';
import type { Store } from './store.ts';

/** Machines, and the profile revisions that they point to. Looking up goes by the machine's own `macs`, in one read. */
export function machineRecords(store: Store): MachineRecords {
  return {
    machine: (id) =>
      store.read('reading a machine', async (documents) =>
        documentOf<Machine>((await documents.get(['machines', id]))[0]),
      ),
    findMachine: (identity) =>
      store.read('finding a machine', (documents) =>
        foundLater(identity, async (called) => {
          const where = Object.entries(called).map(([by, value]) =>
            by === 'mac'
              ? ({ field: 'macs', op: 'ARRAY_CONTAINS', value } as const)
              : ({ field: by, op: 'EQUAL', value } as const),
          );
          // Two tell that a UUID or a serial is nobody's own.
          const found = await documents.query({ from: 'machines', where, limit: 2 });
          return found.flatMap((one) => documentOf<Machine>(one) ?? []);
        }),
      ),
    listMachines: (page, search = {}) =>
      store.read('listing machines', (documents) =>
        pageOf<Machine>(documents, 'machines', searched(machineFields, search), page),
      ),

    profile: (id) =>
      store.read('reading a profile', async (documents) =>
        documentOf<ProfileRevision>((await documents.get(['profiles', id]))[0]),
      ),
    newestProfile: (name) =>
      store.read('reading the newest profile', async (documents) => newestProfile(documents, name)),
    listProfiles: (page, name) =>
      store.read('listing profiles', (documents) =>
        pageOf<ProfileRevision>(documents, 'profiles', { name }, page),
      ),
  };
}

async function newestProfile(documents: Documents, name: string): Promise<ProfileRevision | undefined> {
  const where = [{ field: 'name', op: 'EQUAL', value: name }] as const;
  const [newest] = await documents.query({ from: 'profiles', where, order: 'DESCENDING', limit: 1 });
  return documentOf<ProfileRevision>(newest);
}

export function machineContent(machine: Machine): Content {
  return { document: machine, texts: searchTexts(machineFields, machine) };
}
