import { dirname } from 'node:path';
import { isFields } from '../fields.ts';
import { type ManifestFile, manifestFiles } from './find.ts';
import { type Mistake, mistaken, type Position } from './problem.ts';
import { type Section, sections } from './sections.ts';
import { canonical } from './sugar.ts';
import { isMistakes, readYaml, type YamlDocument } from './yaml.ts';

/** One item of a section, and the file that it comes from. */
export interface Entry {
  readonly value: Readonly<Record<string, unknown>>;
  /** Folder of its file. */
  readonly folder: string;
  at(path: readonly (string | number)[]): Position;
}

/** What all files together say. */
export type Manifest = Readonly<Record<Section, readonly Entry[]>>;

/** Reads a file, or all files of a folder, as one set. Throws with every mistake in them, by file, line and column. */
export function readManifest(path: string): Manifest {
  const manifest = { assets: [], profiles: [], rules: [], machines: [] } as Record<Section, Entry[]>;
  const mistakes: Mistake[] = [];
  for (const file of manifestFiles(path)) {
    const documents = readYaml(file);
    if (isMistakes(documents)) mistakes.push(...documents);
    else for (const document of documents) mistakes.push(...addDocument(manifest, document, file));
  }
  if (mistakes.length > 0) throw mistaken(mistakes);
  return manifest;
}

function addDocument(
  manifest: Record<Section, Entry[]>,
  document: YamlDocument,
  { path }: ManifestFile,
): Mistake[] {
  const { value } = document;
  if (value === null) return [];
  if (!isFields(value))
    return [{ at: document.at([]), message: `must have ${sections.join(', ')} at its top` }];
  return Object.entries(value).flatMap(([name, items]): Mistake[] => {
    const section = sections.find((one) => one === name);
    const at = document.at([name]);
    if (!section) return [{ at, message: `${name} is none of ${sections.join(', ')}` }];
    if (items === null) return [];
    if (!Array.isArray(items)) return [{ at, message: `${name} must be a list` }];
    return items.flatMap((item, index): Mistake[] => {
      const place = (rest: readonly (string | number)[]) => document.at([name, index, ...rest]);
      if (!isFields(item)) return [{ at: place([]), message: `an item of ${name} must have fields` }];
      const { value: fields, source, mistakes } = canonical(section, item);
      manifest[section].push({
        value: fields,
        folder: dirname(path),
        at: (rest) => place(source(rest)),
      });
      return mistakes.map(({ path: where, message }) => ({ at: place(where), message }));
    });
  });
}
