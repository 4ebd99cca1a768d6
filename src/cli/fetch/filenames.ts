import { basename } from 'node:path';
import { assetTitle } from '../../boot/asset/asset-name.ts';
import { hasSeveral } from '../../boot/asset/filename.ts';
import { type Source, sourcePath } from './import-source.ts';

/** Shim is what firmware starts of a Secure Boot chain, whatever it loads then: shimx64.efi, shim.efi.signed.efi, ipxe-shimaa64.efi. */
const shim = /^(.*[-_.])?shim[^/]*\.efi$/i;

/**
 * Sources that would be one asset are told apart by their filenames where their kind has some: files each by its own, and of efi programs
 * all but shim, which firmware gets first. That comes last, for with it the chain is in use.
 */
export function withFilenames(sources: readonly Source[]): readonly Source[] {
  const groups = Map.groupBy(sources, ({ name }) => assetTitle(name));
  const named = sources.map((source) => {
    const group = groups.get(assetTitle(source.name)) ?? [];
    const { kind } = source.name;
    if (group.length < 2 || !hasSeveral(kind)) return source;
    const first = kind === 'efi' ? group.filter((one) => shim.test(fileNameOf(one))) : [];
    if (kind === 'efi' && (first.length !== 1 || first[0] === source)) return source;
    return { ...source, name: { ...source.name, filename: fileNameOf(source) } };
  });
  const rank = ({ name }: Source) => (name.filename === undefined ? 1 : 0);
  return named.toSorted((a, b) => rank(a) - rank(b));
}

function fileNameOf(source: Source): string {
  return basename(sourcePath(source));
}
