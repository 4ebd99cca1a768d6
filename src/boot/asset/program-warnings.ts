import { type Warning, warning } from '../warning.ts';
import type { AssetName } from './asset-name.ts';
import { assetTitle } from './asset-name.ts';
import type { Program } from './program.ts';

/** What whoever brings a kernel or an EFI program, or boots it, should know of its bytes. */
export function programWarnings(asset: AssetName & { readonly program?: Program }): readonly Warning[] {
  if (asset.program?.format !== 'gzip') return [];
  const detail = `The bytes of ${assetTitle(asset)} are packed by gzip, which neither iPXE nor firmware unpacks: it will not start. Push what gunzip makes of them.`;
  return [warning('program-packed', detail)];
}
