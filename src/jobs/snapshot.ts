import { createHash } from 'node:crypto';
import type { Blobs } from '../blobs/blobs.ts';
import { headText } from '../boot/access/audit.ts';
import type { Asset } from '../boot/asset/asset.ts';
import { archs } from '../boot/asset/asset-name.ts';
import type { Machine } from '../boot/machine/machine.ts';
import type { ProfileRevision } from '../boot/profile.ts';
import type { Snapshot } from '../boot/snapshot.ts';
import { every, type Records } from '../records/records.ts';
import type { Log } from '../telemetry/log.ts';
import { seal } from './snapshot-seal.ts';

/** Its name in the bucket. */
export const snapshotObject = 'snapshots/records.json';

/** One that nothing changed in is published again after so long, so that it does not grow too old to be believed. */
const refreshMs = 3_600_000;

/** Each call takes a snapshot, and publishes it if it says something new; resolves to whether it did. */
export function snapshotPublisher(parts: {
  readonly records: Pick<
    Records,
    'listMachines' | 'rulebook' | 'profile' | 'newestAsset' | 'listAssets' | 'listAudit'
  >;
  readonly blobs: Pick<Blobs, 'put'>;
  /** Whose holders believe the snapshot. */
  readonly key: () => Promise<string>;
  /** Name of the efi asset that firmware gets first. */
  readonly firstStage: string;
  readonly clock: () => Date;
  readonly log: Log;
}): () => Promise<boolean> {
  const { records, blobs, key, firstStage, clock, log } = parts;
  let revisions = new Map<string, ProfileRevision>();
  let published: { readonly digest: string; readonly at: number } | undefined;

  /** What lies beside a first stage. */
  const siblingsOf = async ({ name, version, arch }: Asset): Promise<Asset[]> => {
    const same = every((page) =>
      records.listAssets({ kind: 'efi', name, version, arch, state: 'ready' }, page),
    );
    return (await Array.fromAsync(same)).filter(({ filename }) => filename !== undefined);
  };

  const take = async (): Promise<Omit<Snapshot, 'at' | 'audit'>> => {
    const machines = await Array.fromAsync(
      every((page) => records.listMachines(page)),
      (machine): Machine => ({ ...machine, history: [] }),
    );
    const rules = await records.rulebook();
    const known = new Map<string, ProfileRevision>();
    const pointed = [...machines, ...rules].flatMap(({ active }) => active ?? []);
    const arriving = rules.flatMap(({ rollout }) => rollout?.revision ?? []);
    for (const id of new Set([...pointed, ...arriving])) {
      const revision = revisions.get(id) ?? (await records.profile(id)); // what never changes is read once
      if (revision) known.set(id, revision);
    }
    revisions = known;
    const chains = await Promise.all(
      archs.map(async (arch) => {
        const first = await records.newestAsset({ kind: 'efi', name: firstStage, arch });
        return first ? [first, ...(await siblingsOf(first))] : [];
      }),
    );
    return {
      machines,
      rules,
      profiles: [...known.values()],
      assets: chains.flat(),
    };
  };

  return async () => {
    const at = clock();
    const taken = await take();
    const digest = createHash('sha256').update(JSON.stringify(taken)).digest('hex');
    if (published?.digest === digest && at.getTime() - published.at < refreshMs) return false;
    const [last] = (await records.listAudit({ limit: 1 }, 'newest')).items;
    const audit = last && { seq: last.seq, hash: last.hash };
    const snapshot: Snapshot = { at: at.toISOString(), ...taken, ...(audit && { audit }) };
    const sealed = seal(Buffer.from(JSON.stringify(snapshot)), await key());
    await blobs.put(snapshotObject, sealed);
    published = { digest, at: at.getTime() };
    const { machines, profiles, assets } = taken;
    const counts = { machines: machines.length, profiles: profiles.length, assets: assets.length };
    log.info(
      {
        object: snapshotObject,
        bytes: sealed.length,
        ...counts,
        ...(audit && { audit_head: headText(audit) }),
      },
      'a snapshot of the records is published',
    );
    return true;
  };
}
