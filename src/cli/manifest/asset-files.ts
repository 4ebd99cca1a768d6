import { realpathSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { parseArchName } from '../../boot/asset/arch.ts';
import type { Asset } from '../../boot/asset/asset.ts';
import { type AssetKind, type AssetName, assetKinds, assetTitle } from '../../boot/asset/asset-name.ts';
import { allItems } from '../broker/api.ts';
import { digest } from '../push/digest.ts';
import type { Pushing, Wanted } from '../push/push-file.ts';
import { openSource } from '../push/source-file.ts';
import { isInside } from './find.ts';
import type { Entry } from './gather.ts';
import { type Mistake, mistaken } from './problem.ts';

/** An asset as the API takes it in a desired state, and the file that it can be pushed from. */
export interface ListedAsset {
  readonly entry: Entry;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Undefined where its fields make none: the broker says what is wrong with them. */
  readonly name: AssetName | undefined;
  readonly push: Wanted | undefined;
}

/**
 * Hashes the files of the listed assets. Where the entry tells the sha256 and the broker has an asset of that name with it, the
 * file is not read, and need not be there.
 */
export async function listedAssets(entries: readonly Entry[], by: Pushing): Promise<readonly ListedAsset[]> {
  const mistakes: Mistake[] = [];
  const listed: ListedAsset[] = [];
  for (const entry of entries) {
    const { file, ...fields } = entry.value;
    const complain = (field: string, message: string) => mistakes.push({ at: entry.at([field]), message });
    const name = nameOf(fields);
    if (file === undefined) listed.push({ entry, fields, name, push: undefined });
    else if (typeof file !== 'string' || file === '' || isAbsolute(file))
      complain('file', 'file must be a path relative to the folder of this file');
    else if (!name)
      listed.push({ entry, fields, name, push: undefined }); // the broker says what is wrong with it
    else if (await isThere(name, fields.sha256, by)) listed.push({ entry, fields, name, push: undefined });
    else {
      const path = join(entry.folder, file);
      const outside = pathMistake(path, entry.folder);
      if (outside) complain('file', outside);
      else {
        const { size, ...hashes } = await hashed(realpathSync(path), by);
        for (const [field, value] of Object.entries({ size, ...hashes }))
          if (fields[field] !== undefined && fields[field] !== value)
            complain(field, `${file} has the ${field} ${value}`);
        const { type, verify } = fields;
        const wanted: Wanted = {
          path: realpathSync(path),
          name,
          type: typeof type === 'string' ? type : undefined,
          verify: typeof verify === 'string' ? verify : undefined,
          sha256: hashes.sha256,
        };
        listed.push({ entry, fields: { ...fields, size, ...hashes }, name, push: wanted });
      }
    }
  }
  if (mistakes.length > 0) throw mistaken(mistakes);
  return listed;
}

function nameOf({
  kind,
  name,
  version,
  arch = 'x86_64',
  filename,
}: Readonly<Record<string, unknown>>): AssetName | undefined {
  const known = typeof arch === 'string' ? parseArchName(arch) : undefined;
  if (!known || !assetKinds.includes(kind as AssetKind)) return undefined;
  if (typeof name !== 'string' || typeof version !== 'string') return undefined;
  const named = typeof filename === 'string' ? { filename } : {};
  return { kind: kind as AssetKind, name, version, arch: known, ...named };
}

async function isThere(name: Wanted['name'], sha256: unknown, { api }: Pushing): Promise<boolean> {
  if (typeof sha256 !== 'string') return false;
  const { kind, version } = name;
  const found = await allItems<Asset>(api, 'assets', { kind, name: name.name, version });
  return found.some(
    (asset) => assetTitle(asset) === assetTitle(name) && asset.state === 'ready' && asset.sha256 === sha256,
  );
}

function pathMistake(path: string, folder: string): string | undefined {
  try {
    realpathSync(path);
  } catch (error) {
    return `${path} cannot be read (${(error as NodeJS.ErrnoException).code})`;
  }
  return isInside(path, realpathSync(folder || '.'))
    ? undefined
    : `${path} leads out of the folder of this file; put the file itself there`;
}

async function hashed(path: string, { signal, bar }: Pushing) {
  const source = await openSource(path);
  try {
    const hashes = await digest(source.handle, signal, (done) =>
      bar.at(`hashing ${path}`, done, source.size),
    );
    await source.assertUnchanged();
    return { size: source.size, ...hashes };
  } finally {
    await source.close();
  }
}
