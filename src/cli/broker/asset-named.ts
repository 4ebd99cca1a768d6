import type { Asset, AssetKind } from '../../boot/asset.ts';
import { parseNameAtVersion } from '../../boot/asset-reference.ts';
import { Failure } from '../verb/failure.ts';
import { type Api, accepted, allItems } from './api.ts';

/** The assets that an administrator means: one by its id, or all of NAME@VERSION, such as the kernel and the initrd of an image. */
export async function assetsNamed(
  from: Api,
  text: string,
  { kind, arch }: { readonly kind?: AssetKind; readonly arch?: string } = {},
): Promise<readonly Asset[]> {
  const named = parseNameAtVersion(text);
  if (!named) return [accepted(await from.get(`assets/${encodeURIComponent(text)}`)) as Asset];
  const all = await allItems<Asset>(from, 'assets', { ...named, kind });
  const found = all.filter((asset) => arch === undefined || asset.arch === arch);
  if (found.length > 0) return found;
  const what = [kind ?? 'asset', text, arch && `for ${arch}`].filter(Boolean).join(' ');
  throw new Failure('refused', `there is no ${what}; bootbroker asset list shows all`);
}
