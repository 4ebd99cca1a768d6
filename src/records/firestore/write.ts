import type { AuditEvent } from '../../boot/access/audit.ts';
import type { ApiToken } from '../../boot/access/token.ts';
import type { Asset } from '../../boot/asset/asset.ts';
import type { Upload } from '../../boot/asset/upload.ts';
import type { Machine } from '../../boot/machine/machine.ts';
import { conflictOf, type Known, machinesGone, macsMoved, rulebookAfter, writing } from '../conflict.ts';
import type { Change, Conflict, OnAudited, Records } from '../records.ts';
import { assetPlace, uploadContent } from './assets.ts';
import { eventsAfter, headPlace, isRemembered, remembered } from './audit.ts';
import { forgetBoots } from './boots.ts';
import { announced, named } from './changes.ts';
import { type Content, documentOf, type Found, isStored, type Place, put, type Write } from './documents.ts';
import { Fault } from './fault.ts';
import { machineContent } from './machines.ts';
import { rulebookIn, rulebookPlace } from './rules.ts';
import type { Store } from './store.ts';

/** Firestore takes a document of 1 MiB at most (https://cloud.google.com/firestore/quotas); some room is left for the rest of it. */
const longestRulebook = 1_000_000;

/**
 * All changes of one call, and what is to be remembered of them, in one commit. `macs/{mac}` is what makes a MAC one machine's, and
 * `rulebooks/current` what makes the rules one book: of two writers that meet there, one goes through and the other reads again.
 */
function commits(store: Store, onAudited?: OnAudited): Pick<Records, 'write'> {
  return {
    async write(changes, audit = []) {
      let events: readonly AuditEvent[] = [];
      const result: 'written' | Conflict = await store.write(
        writing(changes),
        async (documents, { mayHaveLanded }) => {
          const found = new Map<string, Found | undefined>();
          const read = async (...places: readonly Place[]) => {
            const got = await documents.get(...places);
            for (const [n, place] of places.entries()) found.set(place.join('/'), got[n]);
          };
          const at = (place: Place) => found.get(place.join('/'));

          const touchesRules = changes.some(({ kind }) => kind === 'rule');
          const uploads = changes.flatMap((change): Place[] =>
            change.kind === 'asset' && !change.to ? [['uploads', change.of.upload_id]] : [],
          );
          const macs = changes.flatMap((change) => (change.kind === 'machine' && change.to?.macs) || []);
          await read(
            ...changes.map(placeOf),
            ...uploads,
            ...macs.map(macPlace),
            ...(touchesRules ? [rulebookPlace] : []),
            ...(audit.length > 0 ? [headPlace] : []),
          );
          if (mayHaveLanded && (await hasLanded())) return 'written';

          const machines = new Map(
            changes.flatMap((change) =>
              change.kind === 'machine'
                ? [[change.id, documentOf<Machine>(at(placeOf(change)))] as const]
                : [],
            ),
          );
          const known: Known = {
            machine: (id) => machines.get(id),
            token: (id) => documentOf<ApiToken>(at(['tokens', id])),
            namedAsset: (name) => documentOf<Asset>(at(assetPlace(name))),
            upload: (id) => documentOf<Upload>(at(['uploads', id])),
            holder: (mac) => documentOf<Holder>(at(macPlace(mac)))?.machine_id,
            rulebook: rulebookIn(at(rulebookPlace)),
          };
          const conflict = conflictOf(changes, known);
          if (conflict) return conflict;
          const rules = rulebookAfter(changes, known.rulebook);
          if (touchesRules && Buffer.byteLength(JSON.stringify(rules)) > longestRulebook)
            return { kind: 'full', what: 'rules' };

          const { released, claimed } = macsMoved(changes, known);
          const given = [...released].filter((mac) => !claimed.has(mac));
          await read(...given.map(macPlace));
          events = eventsAfter(audit, at(headPlace));
          await documents.commit(
            ...changes.flatMap((change) => writeOf(change, at(placeOf(change)))),
            ...[...uploads, ...given.map(macPlace)].flatMap((place) => remove(at(place))),
            ...[...claimed].map(([mac, id]) =>
              put(macPlace(mac), at(macPlace(mac)), { document: { machine_id: id } }),
            ),
            ...(touchesRules ? [put(rulebookPlace, at(rulebookPlace), { document: { rules } })] : []),
            ...remembered(events, at(headPlace)),
            ...announced(named(changes.filter((change) => !isStored(at(placeOf(change)), change.to)))),
          );
          return 'written';

          /** Whether an earlier run's commit, whose answer was lost, has happened. */
          async function hasLanded(): Promise<boolean> {
            if (audit[0]) return isRemembered(documents, audit[0]);
            return changes.every((change) => isStored(at(placeOf(change)), change.to));
          }
        },
      );
      if (result === 'written' && events.length > 0) onAudited?.(events);
      return result;
    },
  };
}

/** The same, and then what machines did goes with them; where that fails, Firestore deletes it when it is outdated. */
export function writes(store: Store, onAudited?: OnAudited): Pick<Records, 'write'> {
  const { write } = commits(store, onAudited);
  return {
    async write(changes, audit) {
      const result = await write(changes, audit);
      if (result === 'written')
        for (const machine of machinesGone(changes))
          await store
            .write('deleting boots of a machine', (documents) => forgetBoots(documents, machine))
            .catch(() => {});
      return result;
    },
  };
}

interface Holder {
  readonly machine_id: string;
}

const collections = { machine: 'machines', rule: 'rules', token: 'tokens' } as const;

const macPlace = (mac: string): Place => ['macs', mac];

function placeOf(change: Change): Place {
  if (change.kind === 'asset') return assetPlace(change.of);
  if (change.kind === 'upload') return ['uploads', change.to.id];
  if (change.kind === 'profile') return ['profiles', change.to.id];
  return [collections[change.kind], change.id];
}

function writeOf(change: Change, found: Found | undefined): Write[] {
  if (change.kind === 'profile' && found) throw new Fault('UNKNOWN', 'its id is in use');
  return change.to ? [put(placeOf(change), found, contentOf(change, change.to))] : remove(found);
}

function remove(found: Found | undefined): Write[] {
  return found ? [{ kind: 'delete', found }] : [];
}

function contentOf(change: Change, to: NonNullable<Change['to']>): Content {
  if (change.kind === 'machine') return machineContent(to as Machine);
  return change.kind === 'upload' ? uploadContent(change.to) : { document: to };
}
