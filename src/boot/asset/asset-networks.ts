import type { Machine } from '../machine/machine.ts';
import type { Asset } from './asset.ts';

/** More are not remembered: by its name an asset is then closed to the rest. */
const mostNetworks = 64;

/**
 * The asset once a new revision names it that is this machine's own, or everybody's where there is none. As long as only machines
 * that name their networks have it, it is handed out by its name to their networks alone; whoever else gets it opens it for good.
 */
export function namedBy(asset: Asset, machine: Pick<Machine, 'networks'> | undefined, now: string): Asset {
  const { networks: known } = asset;
  const wanted = machine?.networks ?? [];
  if (known?.length === 0) return asset;
  const networks = wanted.length === 0 ? [] : [...new Set([...(known ?? []), ...wanted])];
  if (networks.length > mostNetworks || (known && networks.length === known.length)) return asset;
  return { ...asset, networks, updated_at: now };
}
