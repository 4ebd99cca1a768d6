import { randomUUIDv7 } from 'node:crypto';
import type { z } from 'zod';
import { activated } from '../boot/activation.ts';
import { type Arch, type Asset, type AssetKind, type ResolvedAsset, resolved } from '../boot/asset.ts';
import { isRefusal, type Refusal, refuse } from '../boot/problem.ts';
import { bootable, type ProfileRevision, parseArch, parseAssetReference } from '../boot/profile.ts';
import type { Change } from '../records/records.ts';
import { conflicting } from './conflicting.ts';
import { insistOn } from './insist.ts';
import type { AdminParts } from './parts.ts';
import type { Reply } from './route.ts';
import type { newProfile } from './schemas.ts';

/** Makes an immutable revision with its assets resolved; with a machine, moves that machine's pointer to it. */
export async function createProfile(
  wanted: z.output<typeof newProfile>,
  parts: AdminParts,
): Promise<Reply | Refusal> {
  const { records } = parts;
  const notBootable = bootable(wanted);
  if (notBootable) return notBootable;
  const machine = wanted.machine_id === undefined ? undefined : await records.machine(wanted.machine_id);
  if (wanted.machine_id !== undefined && !machine) return noMachine(wanted.machine_id);
  const arch = parseArch(machine?.labels.arch) ?? 'x86_64';
  const resolve = (kind: AssetKind, reference: string | undefined) =>
    resolveAsset(kind, reference, arch, parts);
  const [kernel, efi, iso, ...initrds] = await Promise.all([
    resolve('kernel', wanted.kernel),
    resolve('efi', wanted.efi),
    resolve('iso', wanted.iso),
    ...wanted.initrds.map((reference) => resolve('initrd', reference)),
  ]);
  const all = [kernel, efi, iso, ...initrds].filter((asset) => asset !== undefined);
  const missing = all.filter(isRefusal);
  if (missing.length > 0) return refuse('asset-not-ready', missing.map(({ detail }) => detail).join(' '));

  const now = parts.clock().toISOString();
  const revision: ProfileRevision = {
    id: randomUUIDv7(),
    name: wanted.name,
    arch,
    ...(kernel && !isRefusal(kernel) && { kernel: kernel.resolved }),
    ...(efi && !isRefusal(efi) && { efi: efi.resolved }),
    ...(iso && !isRefusal(iso) && { iso: iso.resolved }),
    initrds: initrds.flatMap((initrd) => (initrd && !isRefusal(initrd) ? initrd.resolved : [])),
    cmdline: wanted.cmdline,
    metadata: wanted.metadata,
    created_at: now,
  };
  const named = all.flatMap((one) => (isRefusal(one) ? [] : one.asset));
  const written = await write(revision, machine?.id, named, parts);
  if (isRefusal(written)) return written;
  return {
    status: 201,
    headers: { Location: `/api/v1/profiles/${revision.id}` },
    body: { ...revision, machine_id: machine?.id },
  };
}

/** Whoever moves the same machine's pointer at the same time does so before or after. */
async function write(
  revision: ProfileRevision,
  machineId: string | undefined,
  assets: readonly Asset[],
  { records }: AdminParts,
): Promise<'written' | Refusal> {
  const made: readonly Change[] = [{ kind: 'profile', to: revision }, ...insistOn(assets)];
  for (;;) {
    const machine = machineId === undefined ? undefined : await records.machine(machineId);
    if (machineId !== undefined && !machine) return noMachine(machineId);
    const moved: Change[] = machine
      ? [
          {
            kind: 'machine',
            id: machine.id,
            expected: machine.version,
            to: activated(machine, revision.id, revision.created_at),
          },
        ]
      : [];
    const written = await records.write([...made, ...moved]);
    if (written === 'written') return written;
    if (written.kind !== 'changed') return conflicting(written);
    if (written.what === 'asset')
      return refuse('asset-not-ready', `Asset ${written.id} was retired or deleted at the same moment.`);
  }
}

interface Found {
  readonly asset: Asset;
  readonly resolved: ResolvedAsset;
}

async function resolveAsset(
  kind: AssetKind,
  reference: string | undefined,
  arch: Arch,
  { records }: AdminParts,
): Promise<Found | Refusal | undefined> {
  const named = reference === undefined ? undefined : parseAssetReference(reference);
  if (!named) return undefined;
  const asset = await records.namedAsset({ kind, ...named, arch });
  if (!asset)
    return refuse(
      'asset-not-ready',
      `There is no ${kind} ${reference} for ${arch}: push it with bootbroker asset push.`,
    );
  const ready = resolved(asset);
  if (ready) return { asset, resolved: ready };
  return refuse(
    'asset-not-ready',
    `${kind} ${reference} for ${arch} is ${asset.state}${asset.failure ? ` (${asset.failure})` : ''}.`,
  );
}

function noMachine(id: string): Refusal {
  return refuse('unknown-machine', `There is no machine ${id}. List them: bootbroker machine list`);
}
