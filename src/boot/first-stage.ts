import { deliverable, type ResolvedAsset } from './asset/asset.ts';
import { type Arch, nameAtVersion, nameOf } from './asset/asset-name.ts';
import type { Identity } from './machine/identity.ts';
import { claimedMachine } from './machine/which-machine.ts';
import { isRefusal, type Refusal, refuse } from './problem.ts';
import type { Asked } from './way.ts';

const nobody: Identity = {};

/** What firmware gets first: the newest efi asset of that name without a filename. Firmware names no machine, but an edge may know whose interface speaks. */
export async function firstStage(asked: Asked, arch: Arch): Promise<ResolvedAsset | Refusal> {
  const machine = await claimedMachine(asked, nobody);
  if (isRefusal(machine)) return machine;
  const name = asked.policy.firstStage;
  const newest = await asked.world.asset({ newest: { kind: 'efi', name, arch } });
  const stage = newest && deliverable(newest);
  if (stage) return stage;
  return refuse(
    'unknown-asset',
    `There is no first stage for ${arch}. Push one: bootbroker asset push snponly.efi --kind efi --name ${name} --version 1 --arch ${arch}`,
  );
}

/** What lies beside it, of the same image: a chain is signed and released as one, and shim takes only what its own distribution signed. */
export async function besideFirstStage(
  asked: Asked,
  filename: string,
  arch: Arch,
): Promise<ResolvedAsset | Refusal> {
  const stage = await firstStage(asked, arch);
  if (isRefusal(stage)) return stage;
  const found = await asked.world.asset({ named: { ...nameOf(stage), filename } });
  const asset = found && deliverable(found);
  if (asset) return asset;
  const { name, version } = stage;
  return refuse(
    'unknown-asset',
    `Beside the first stage, ${nameAtVersion(stage)} for ${arch}, there is no ${filename}. If its chain needs one: bootbroker asset push ${filename} --kind efi --name ${name} --version ${version} --arch ${arch} --filename ${filename}`,
  );
}
