import { type AssetKind, type AssetName, isName } from './asset-name.ts';

/** Whether an image may have several assets of that kind, told apart by their filenames. */
export function hasSeveral(kind: AssetKind): boolean {
  return kind === 'efi' || kind === 'file';
}

/** The first stage's own path: what lies beside it cannot be called so. */
const firstStageFile = 'boot.efi';

/** Why a file of an image cannot be called so; undefined where it can, or has no name of its own. */
export function filenameFault({ kind, filename }: Pick<AssetName, 'kind' | 'filename'>): string | undefined {
  if (filename === undefined) return undefined;
  if (!hasSeveral(kind))
    return `must be left out: an image has one ${kind}; only efi and file may have several, by their filenames`;
  if (!isName(filename)) return 'must be 1 to 128 of A-Z a-z 0-9 . _ - and neither . nor ..';
  if (kind === 'efi' && !filename.endsWith('.efi')) return 'must end in .efi: firmware asks for no other';
  if (kind === 'efi' && filename === firstStageFile)
    return `must not be ${firstStageFile}, which is where the first stage itself is: that one has no filename`;
  return undefined;
}
