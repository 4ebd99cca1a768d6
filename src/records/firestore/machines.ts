import type { Machine } from '../../boot/machine.ts';
import type { ProfileRevision } from '../../boot/profile.ts';
import { activated } from '../activation.ts';
import type { MachineRecords } from '../records.ts';
import {
  type Documents,
  documentOf,
  type Fields,
  type Found,
  type Operator,
  type Write,
} from './documents.ts';
import { Fault } from './fault.ts';
import { pageOf } from './page.ts';
import type { Store } from './store.ts';

/**
 * Machines, and the profile revisions that they point to. `macs/{mac}` is what makes a MAC one machine's: it is created in the
 * machine's own commit, and of two that name it one fails. Looking up goes by the machine's own `macs`, in one read.
 */
export function machineRecords(store: Store): MachineRecords {
  return {
    createMachine: (machine) =>
      store.write('creating a machine', async (documents, { mayHaveLanded }) => {
        const macs = [...new Set(machine.macs)];
        const [own, ...holders] = await documents.get(
          ['machines', machine.id],
          ...macs.map((mac) => ['macs', mac] as const),
        );
        if (own) return landed(mayHaveLanded);
        const taken = holders.findIndex((holder) => holder !== undefined);
        const mac = macs[taken];
        if (mac !== undefined) return { kind: 'mac-taken', mac, holder: holders[taken]?.body ?? '' };
        await documents.commit(
          { kind: 'create', place: ['machines', machine.id], fields: machineFields(machine) },
          ...macs.map(
            (each): Write => ({ kind: 'create', place: ['macs', each], fields: { body: machine.id } }),
          ),
        );
        return 'created';
      }),
    machine: (id) =>
      store.read('reading a machine', async (documents) =>
        documentOf<Machine>((await documents.get(['machines', id]))[0]),
      ),
    findMachine: ({ mac, uuid, serial }) =>
      store.read('finding a machine', async (documents) => {
        const machineWith = async (field: string, op: Operator, value: string) => {
          const found = await documents.query({ from: 'machines', where: [{ field, op, value }], limit: 2 });
          return found.length === 1 ? documentOf<Machine>(found[0]) : undefined;
        };
        return (
          (mac && (await machineWith('macs', 'ARRAY_CONTAINS', mac))) ||
          (uuid && (await machineWith('uuid', 'EQUAL', uuid))) ||
          (serial && (await machineWith('serial', 'EQUAL', serial))) ||
          undefined
        );
      }),
    listMachines: (page) =>
      store.read('listing machines', (documents) => pageOf<Machine>(documents, 'machines', {}, page)),

    createProfile: (revision, activation) =>
      store.write('creating a profile', async (documents, { mayHaveLanded }) => {
        const [own, pointed] = await documents.get(
          ['profiles', revision.id],
          ...(activation ? [['machines', activation.machine_id] as const] : []),
        );
        if (own) return landed(mayHaveLanded);
        const machine = documentOf<Machine>(pointed);
        if (activation && !machine) return 'unknown-machine';
        await documents.commit(
          {
            kind: 'create',
            place: ['profiles', revision.id],
            fields: { body: JSON.stringify(revision), name: revision.name },
          },
          ...(activation && machine && pointed
            ? [move(pointed, activated(machine, revision.id, activation.at))]
            : []),
        );
        return 'created';
      }),
    profile: (id) =>
      store.read('reading a profile', async (documents) =>
        documentOf<ProfileRevision>((await documents.get(['profiles', id]))[0]),
      ),
    newestProfile: (name) =>
      store.read('reading the newest profile', async (documents) => newestProfile(documents, name)),
    listProfiles: (page) =>
      store.read('listing profiles', (documents) => pageOf<ProfileRevision>(documents, 'profiles', {}, page)),
  };
}

/** The id is already there: from an earlier run of this very write, or else it was used twice. */
function landed(mayHaveLanded: boolean): 'created' {
  if (mayHaveLanded) return 'created';
  throw new Fault('UNKNOWN', 'its id is in use');
}

async function newestProfile(documents: Documents, name: string): Promise<ProfileRevision | undefined> {
  const where = [{ field: 'name', op: 'EQUAL', value: name }] as const;
  const [newest] = await documents.query({ from: 'profiles', where, order: 'DESCENDING', limit: 1 });
  return documentOf<ProfileRevision>(newest);
}

function move(found: Found, machine: Machine): Write {
  return { kind: 'change', found, fields: machineFields(machine) };
}

function machineFields(machine: Machine): Fields {
  const { macs, uuid, serial } = machine;
  return { body: JSON.stringify(machine), macs, uuid, serial };
}
