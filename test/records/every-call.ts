import type { ExecutionContext } from 'ava';
import { StoreDown } from '../../src/boot/store-down.ts';
import type { Records } from '../../src/records/records.ts';
import { asset, at, bootEvent, machine, macOf, newId, revision, uploadOf } from './examples.ts';

/** One call of every method that asks the store. */
export function everyCall(records: Records): Record<Exclude<keyof Records, 'close'>, () => Promise<unknown>> {
  const given = asset();
  const page = { limit: 10 };
  return {
    ping: () => records.ping(),
    createMachine: () => records.createMachine(machine({ macs: [macOf(1)] })),
    machine: () => records.machine('m'),
    findMachine: () => records.findMachine({ mac: macOf(1), uuid: newId(), serial: 'S' }),
    listMachines: () => records.listMachines(page),
    createProfile: () => records.createProfile(revision(), { machine_id: 'm', at: at(0) }),
    profile: () => records.profile('p'),
    newestProfile: () => records.newestProfile('p'),
    listProfiles: () => records.listProfiles(page),
    createUpload: () => records.createUpload(uploadOf(given), given),
    upload: () => records.upload('u'),
    asset: () => records.asset('a'),
    namedAsset: () => records.namedAsset(given),
    listAssets: () => records.listAssets({}, page),
    newestAsset: () => records.newestAsset(given),
    imageAssets: () => records.imageAssets('a'),
    changeAsset: () => records.changeAsset(given, { state: 'created', upload_id: given.upload_id }),
    addBootEvent: () => records.addBootEvent(bootEvent()),
    lastBootEvent: () => records.lastBootEvent('m', 'script'),
    listBootEvents: () => records.listBootEvents(undefined, page),
  };
}

export async function rejectsEverything(t: ExecutionContext, records: Records): Promise<void> {
  const rejected = Object.entries(everyCall(records)).map(([method, call]) =>
    t.throwsAsync(call(), { instanceOf: StoreDown, message: /^records: / }, method),
  );
  await Promise.all(rejected);
}
