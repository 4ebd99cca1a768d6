import type { Asset, ResolvedAsset } from '../asset/asset.ts';
import { bootsFrom, hasBooted, type Machine } from '../machine/machine.ts';
import { anyContains, parseNetwork } from '../network.ts';
import { isRefusal, type Refusal, refuse } from '../problem.ts';
import type { ProfileRevision } from '../profile.ts';
import type { Asked } from '../way.ts';

/**
 * Why a revision is not handed out to where the request comes from: it was made for one machine, which names its networks, and no
 * rule or policy gives it to others. `machine` is whose script names it, and is from here. Two reads at most.
 */
export async function revisionElsewhere(
  asked: Asked,
  revision: ProfileRevision,
  machine: Machine | undefined,
): Promise<Refusal | undefined> {
  const { machine_id: owner, id, name } = revision;
  if (owner === undefined || owner === machine?.id || (machine && hasBooted(machine, id))) return undefined;
  const { unknownMachine: policy } = asked.policy;
  if (typeof policy === 'object' && policy.profile === name) return undefined;
  const made = await asked.world.machine(owner);
  if (made && isFromHere(asked, (address) => bootsFrom(made, address))) return undefined;
  const rules = await asked.world.rules();
  if (rules.some(({ active, rollout }) => active === id || rollout?.revision === id)) return undefined;
  return notForHere(
    asked,
    `Revision ${id} of ${name} is machine ${owner}'s, which ${made ? `boots from ${made.networks.join(', ')}` : 'is deleted'}`,
  );
}

/** Why an image's asset is not handed out by its name to where the request comes from: all that named it are bound elsewhere. */
export function assetElsewhere(
  asked: Asked,
  { asset, networks = [] }: { readonly asset: ResolvedAsset; readonly networks: Asset['networks'] },
): Refusal | undefined {
  const cidrs = networks.flatMap((cidr) => parseNetwork(cidr) ?? []);
  if (networks.length === 0 || isFromHere(asked, (address) => anyContains(cidrs, address))) return undefined;
  return notForHere(
    asked,
    `Asset ${asset.asset_id} is only for machines that boot from ${networks.join(', ')}`,
  );
}

/** Where nobody says from where it asks, it is taken to be in order. */
function isFromHere({ source }: Asked, holds: (address: string) => boolean): boolean {
  return !source || isRefusal(source) || holds(source.address);
}

function notForHere({ source }: Asked, why: string): Refusal {
  const address = source && !isRefusal(source) ? source.address : 'here';
  return {
    ...refuse(
      'asset-not-here',
      `This is only for machines that boot from elsewhere, and not from ${address}.`,
    ),
    logged: `${why}, not from ${address}.`,
  };
}
