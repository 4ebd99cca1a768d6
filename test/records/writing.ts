import type { AuditEntry } from '../../src/boot/access/audit.ts';
import { activated } from '../../src/boot/activation.ts';
import type { Asset } from '../../src/boot/asset/asset.ts';
import type { AssetExpectation } from '../../src/boot/asset/asset-step.ts';
import type { Upload } from '../../src/boot/asset/upload.ts';
import type { Machine } from '../../src/boot/machine/machine.ts';
import type { ProfileRevision } from '../../src/boot/profile.ts';
import type { Change, Conflict, Records } from '../../src/records/records.ts';
import { uploadOf } from './examples.ts';

type Written = Promise<'written' | Conflict>;

export function createMachine(records: Records, machine: Machine): Written {
  return records.write([{ kind: 'machine', id: machine.id, expected: 0, to: machine }]);
}

/** With an activation it also moves that machine's pointer, whoever else moves it meanwhile. */
export async function createProfile(
  records: Records,
  revision: ProfileRevision,
  activation?: { readonly machine_id: string; readonly at: string },
): Written {
  const made: Change = { kind: 'profile', to: revision };
  if (!activation) return records.write([made]);
  const { machine_id: id, at } = activation;
  for (;;) {
    const machine = await records.machine(id);
    if (!machine) throw new Error(`there is no machine ${id}`);
    const to = activated(machine, revision.id, at);
    const written = await records.write([made, { kind: 'machine', id, expected: machine.version, to }]);
    if (written === 'written' || written.kind !== 'changed') return written;
  }
}

/** Makes an asset, in whatever state, with the upload that it names. */
export function createAsset(
  records: Pick<Records, 'write'>,
  asset: Asset,
  upload: Upload = uploadOf(asset),
  audit: readonly AuditEntry[] = [],
): Written {
  return records.write(
    [
      { kind: 'asset', of: asset, expected: undefined, to: asset },
      { kind: 'upload', expected: undefined, to: upload },
    ],
    audit,
  );
}

/** Replaces an asset, and its open upload if given. */
export function changeAsset(
  records: Pick<Records, 'write'>,
  to: Asset,
  expected: AssetExpectation,
  upload?: Upload,
  audit: readonly AuditEntry[] = [],
): Written {
  const ends: Change[] = upload ? [{ kind: 'upload', expected: 'open', to: upload }] : [];
  return records.write([{ kind: 'asset', of: to, expected, to }, ...ends], audit);
}
