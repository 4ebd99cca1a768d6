import type { ExecutionContext } from 'ava';
import { StoreDown } from '../../src/boot/store-down.ts';
import type { Records } from '../../src/records/records.ts';
import {
  asset,
  auditEntry,
  bootEntry,
  machine,
  macOf,
  newId,
  pending,
  revision,
  rule,
  token,
  uploadOf,
} from './examples.ts';

/** One call of every method that asks the store. */
export function everyCall(
  records: Records,
): Record<Exclude<keyof Records, 'close' | 'expireBoots' | 'disk'>, () => Promise<unknown>> {
  const given = asset({ version: newId() });
  const [newMachine, newRule, newToken] = [machine({ macs: [macOf(1)] }), rule(), token()];
  const page = { limit: 10 };
  return {
    ping: () => records.ping(),
    write: () =>
      records.write(
        [
          { kind: 'machine', id: newMachine.id, expected: 0, to: newMachine },
          { kind: 'rule', id: newRule.id, expected: 0, to: newRule },
          { kind: 'token', id: newToken.id, expected: 0, to: newToken },
          { kind: 'profile', to: revision() },
          { kind: 'asset', of: given, expected: undefined, to: given },
          { kind: 'upload', expected: undefined, to: uploadOf(given) },
        ],
        [auditEntry()],
      ),
    machine: () => records.machine('m'),
    findMachine: () => records.findMachine({ mac: macOf(1), uuid: newId(), serial: 'S' }),
    listMachines: () => records.listMachines(page),
    profile: () => records.profile('p'),
    newestProfile: () => records.newestProfile('p'),
    listProfiles: () => records.listProfiles(page, 'p'),
    rule: () => records.rule('r'),
    listRules: () => records.listRules(page),
    rulebook: () => records.rulebook(),
    token: () => records.token('t'),
    listTokens: () => records.listTokens(page),
    listAudit: () => records.listAudit(page),
    upload: () => records.upload('u'),
    listUploads: () => records.listUploads({ state: 'open' }, page),
    asset: () => records.asset('a'),
    namedAsset: () => records.namedAsset(given),
    listAssets: () => records.listAssets({}, page),
    newestAsset: () => records.newestAsset(given),
    imageAssets: () => records.imageAssets('a'),
    damagedAssets: () => records.damagedAssets(),
    addBootEntry: () => records.addBootEntry(bootEntry()),
    lastBoot: async () => {
      await records.lastBoot('m');
      await records.lastBoot('m', 'up');
    },
    updatePending: () => records.updatePending([pending()]),
    pending: () => records.pending('p'),
    listPending: () => records.listPending(page),
    firstBoot: () => records.firstBoot('m', 'r'),
    listBoots: () => records.listBoots(undefined, page),
  };
}

export async function rejectsEverything(t: ExecutionContext, records: Records): Promise<void> {
  const rejected = Object.entries(everyCall(records)).map(([method, call]) =>
    t.throwsAsync(call(), { instanceOf: StoreDown, message: /^records: / }, method),
  );
  await Promise.all(rejected);
}
