import { randomUUID } from 'node:crypto';
import { type FirestoreOptions, openFirestore } from '../records/firestore/firestore.ts';
import { openRest } from '../records/firestore/rest.ts';
import type { Records } from '../records/records.ts';
import { failed, type Outcome, passed } from './finding.ts';

/** Nobody waits to boot here. */
const patienceMs = 10_000;
/** In no collection that the broker reads. */
const collection = 'doctor';

/** Creates a document, reads it and deletes it. Finds the options, for the checks that follow. */
export async function checkFirestore(options: FirestoreOptions): Promise<Outcome<FirestoreOptions>> {
  const rest = openRest(options);
  const name = `${rest.root}/${collection}/${randomUUID()}`;
  const call = (method: 'batchGet' | 'commit', body: object) =>
    rest.post<readonly { found?: object }[]>(method, body, AbortSignal.timeout(patienceMs));
  let doing = 'writing';
  try {
    const fields = { made_by: { stringValue: 'bootbroker doctor' } };
    const currentDocument = { exists: false };
    await call('commit', { writes: [{ update: { name, fields }, currentDocument }] });
    doing = 'reading';
    const [document] = await call('batchGet', { documents: [name] });
    doing = 'deleting';
    await call('commit', { writes: [{ delete: name }] });
    if (!document?.found)
      return failed(`${rest.root}: what was written was not found; see what stands between`);
    return passed(`${rest.root} can be read and written`, options);
  } catch (error) {
    return failed(`${rest.root}: ${doing}: ${explained(error)}`);
  } finally {
    await rest.close();
  }
}

/** What the faults of Firestore itself do not say. */
function explained(error: unknown): string {
  const { status, message } = error as { status?: string; message: string };
  return status === 'UNAVAILABLE' || status === 'DEADLINE_EXCEEDED'
    ? `${message}; see that firestore.googleapis.com is reached from here (DNS, egress firewall, Private Google Access), and that BROKER_PROJECT and FIRESTORE_EMULATOR_HOST are right`
    : message;
}

/** What the broker asks that a composite index must answer, each by that index's fields. */
export const indexedQueries: Readonly<Record<string, (records: Records) => Promise<unknown>>> = {
  'machines(macs)': (records) => records.listMachines({ limit: 1 }, { mac: '02:00:00:00:00:00' }),
  'machines(uuid)': (records) => records.listMachines({ limit: 1 }, { uuid: 'bootbroker-doctor' }),
  'machines(serial)': (records) => records.listMachines({ limit: 1 }, { serial: 'bootbroker-doctor' }),
  'machines(labels)': (records) =>
    records.listMachines({ limit: 1 }, { label: { key: 'bootbroker-doctor', value: '' } }),
  'profiles(name)': (records) =>
    Promise.all([
      records.newestProfile('bootbroker-doctor'),
      records.listProfiles({ limit: 1 }, 'bootbroker-doctor'),
    ]),
  'assets(kind)': (records) => records.listAssets({ kind: 'kernel' }, { limit: 1 }),
  'assets(name)': (records) => records.listAssets({ name: 'bootbroker-doctor' }, { limit: 1 }),
  'assets(version)': (records) => records.listAssets({ version: 'bootbroker-doctor' }, { limit: 1 }),
  'assets(state)': (records) => records.listAssets({ state: 'ready' }, { limit: 1 }),
  'assets(kind, name, arch, state)': (records) =>
    records.newestAsset({ kind: 'efi', name: 'bootbroker-doctor', arch: 'x86_64' }),
  'uploads(state)': (records) => records.listUploads({ state: 'open' }, { limit: 1 }),
  'boots(machine_id)': (records) => records.listBootEvents('bootbroker-doctor', { limit: 1 }),
  'boots(machine_id, stage)': (records) => records.lastBootEvent('bootbroker-doctor', 'bootbroker-doctor'),
  'boots(machine_id, stage, revision)': (records) =>
    records.firstBootEvent('bootbroker-doctor', 'bootbroker-doctor', 'bootbroker-doctor'),
};

/** Firestore refuses a query whose index is missing or still being built; its emulator answers all. */
export async function checkIndexes(options: FirestoreOptions): Promise<Outcome<never>> {
  const deadlines = { readMs: patienceMs, writeMs: patienceMs };
  const records = openFirestore({ ...options, deadlines });
  try {
    const refused = await Promise.all(
      Object.entries(indexedQueries).map(([index, query]) =>
        query(records).then(
          () => [],
          (error: Error) => [{ index, message: error.message }],
        ),
      ),
    );
    const [first, ...others] = refused.flat();
    if (first === undefined)
      return passed(`${Object.keys(indexedQueries).length} queries that need composite indexes are answered`);
    const names = [first, ...others].map(({ index }) => index).join(', ');
    return failed(`no answer by ${names}: ${first.message}`);
  } finally {
    await records.close();
  }
}
