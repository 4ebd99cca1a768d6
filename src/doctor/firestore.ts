import { randomUUID } from 'node:crypto';
import { assetFields } from '../boot/fields/asset.ts';
import { type Fields, searchable } from '../boot/fields/field.ts';
import { machineFields } from '../boot/fields/machine.ts';
import { uploadFields } from '../boot/fields/upload.ts';
import { type Client, openClient } from '../records/firestore/client.ts';
import { type FirestoreOptions, openFirestore } from '../records/firestore/firestore.ts';
import { oldForm } from '../records/firestore/native.ts';
import { searchField } from '../records/firestore/search.ts';
import type { AssetFilter, MachineSearch, Records, UploadFilter } from '../records/records.ts';
import { failed, type Outcome, passed } from './finding.ts';

/** Nobody waits to boot here. */
const patienceMs = 10_000;
/** In no collection that the broker reads. */
const collection = 'doctor';

/**
 * Creates a document, reads it and deletes it, and sees whether the database has the form of an older version. Finds the options,
 * for the checks that follow.
 */
export async function checkFirestore(options: FirestoreOptions): Promise<Outcome<FirestoreOptions>> {
  const client = openClient(options);
  const place = client.firestore.collection(collection).doc(randomUUID());
  const call = <T>(work: () => Promise<T>) => client.within(AbortSignal.timeout(patienceMs), work);
  let doing = 'writing';
  try {
    await call(() => place.create({ made_by: 'bootbroker doctor' }));
    doing = 'reading';
    const document = await call(() => place.get());
    doing = 'deleting';
    await call(() => place.delete());
    if (!document.exists)
      return failed(`${client.name}: what was written was not found; see what stands between`);
    doing = 'looking at its documents';
    if (await call(() => isOldForm(client))) return failed(`${client.name}: ${oldForm}`);
    return passed(`${client.name} can be read and written`, options);
  } catch (error) {
    return failed(`${client.name}: ${doing}: ${explained(error)}`);
  } finally {
    await client.close();
  }
}

/** Whatever was stored, one of these was stored with it. */
async function isOldForm({ firestore }: Client): Promise<boolean> {
  const collections = ['machines', 'profiles', 'rules', 'assets', 'tokens', 'boots', 'audit', 'pending'];
  const firsts = await Promise.all(collections.map((name) => firestore.collection(name).limit(1).get()));
  return firsts.some(({ docs }) => docs.some((document) => document.get('body') !== undefined));
}

/** What the faults of Firestore itself do not say. */
function explained(error: unknown): string {
  const { status, message } = error as { status?: string; message: string };
  return status === 'UNAVAILABLE' || status === 'DEADLINE_EXCEEDED'
    ? `${message}; see that firestore.googleapis.com is reached from here (DNS, egress firewall, Private Google Access), and that BROKER_PROJECT and FIRESTORE_EMULATOR_HOST are right`
    : message;
}

const onlyOne = { limit: 1 };

/** A search by each field that documents of a collection are searched by. */
function probes<Search>(
  from: string,
  fields: Fields,
  list: (records: Records, search: Search) => Promise<unknown>,
): Readonly<Record<string, (records: Records) => Promise<unknown>>> {
  return Object.fromEntries(
    searchable(fields).map(([name, { kind, flag, choices: [first] = ['bootbroker-doctor'] }]) => {
      const wanted = kind === 'pairs' ? { key: 'bootbroker-doctor', value: '' } : first;
      return [
        `${from}(${searchField(name, kind)})`,
        (records: Records) => list(records, { [flag]: wanted } as Search),
      ];
    }),
  );
}

/** What the broker asks that a composite index must answer, each by that index's fields. */
export const indexedQueries: Readonly<Record<string, (records: Records) => Promise<unknown>>> = {
  ...probes('machines', machineFields, (records, search: MachineSearch) =>
    records.listMachines(onlyOne, search),
  ),
  'profiles(name)': (records) =>
    Promise.all([
      records.newestProfile('bootbroker-doctor'),
      records.listProfiles(onlyOne, 'bootbroker-doctor'),
    ]),
  ...probes('assets', assetFields, (records, search: AssetFilter) => records.listAssets(search, onlyOne)),
  'assets(kind, name, arch, state)': (records) =>
    records.newestAsset({ kind: 'efi', name: 'bootbroker-doctor', arch: 'x86_64' }),
  ...probes('uploads', uploadFields, (records, search: UploadFilter) => records.listUploads(search, onlyOne)),
  'boots(machine_id)': (records) =>
    Promise.all([records.listBoots('bootbroker-doctor', onlyOne), records.lastBoot('bootbroker-doctor')]),
  'boots(stages_texts)': (records) => records.lastBoot('bootbroker-doctor', 'bootbroker-doctor'),
  'boots(revision)': (records) => records.firstBoot('bootbroker-doctor', 'bootbroker-doctor'),
};

/** The records of that database; nobody waits to boot. */
export const recordsOf = (options: FirestoreOptions) => () =>
  openFirestore({ ...options, deadlines: { readMs: patienceMs, writeMs: patienceMs } });

/** Firestore refuses a query whose index is missing or still being built; its emulator answers all. */
export async function checkIndexes(options: FirestoreOptions): Promise<Outcome<never>> {
  const records = recordsOf(options)();
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
