import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { isFields } from '../fields.ts';
import { isInside } from '../manifest/find.ts';
import { type Mistake, mistaken, type Position } from '../manifest/problem.ts';
import { isMistakes, readYaml } from '../manifest/yaml.ts';
import { Failure } from '../verb/failure.ts';

/** One file of a Matchbox data folder; its name without the ending is its id. */
export interface MatchboxFile {
  readonly id: string;
  readonly fields: Readonly<Record<string, unknown>>;
  at(path: readonly (string | number)[]): Position;
}

export interface MatchboxFolder {
  readonly groups: readonly MatchboxFile[];
  readonly profiles: readonly MatchboxFile[];
}

const largestFile = 1024 * 1024;

/**
 * Reads `groups/` and `profiles/` of a Matchbox data folder (matchbox docs/matchbox.md, "Data"). Matchbox itself takes JSON alone;
 * YAML of the same shape is read as well. Folders below are left alone, as Matchbox leaves them.
 */
export function readMatchbox(folder: string): MatchboxFolder {
  if (!existsSync(join(folder, 'profiles')) && !existsSync(join(folder, 'groups')))
    throw new Failure(
      'usage',
      `${folder} has neither profiles nor groups; give Matchbox's data folder, such as /var/lib/matchbox`,
    );
  const mistakes: Mistake[] = [];
  const read = (name: string) => filesIn(folder, name).flatMap((path) => fileAt(path, mistakes));
  const found = { groups: read('groups'), profiles: read('profiles') };
  if (mistakes.length > 0) throw mistaken(mistakes);
  return found;
}

function filesIn(folder: string, name: string): readonly string[] {
  const within = join(folder, name);
  if (!existsSync(within)) return [];
  return readdirSync(within)
    .sort()
    .filter((file) => /^[^.].*\.(json|ya?ml)$/.test(file))
    .map((file) => join(within, file))
    .filter((path) => {
      if (!isInside(path, realpathSync(folder)))
        throw new Failure(
          'usage',
          `${path} leads out of ${folder}; put the file itself there, not a link to it`,
        );
      return statSync(path).isFile();
    });
}

function fileAt(path: string, mistakes: Mistake[]): readonly MatchboxFile[] {
  if (statSync(path).size > largestFile)
    throw new Failure('usage', `${path} is larger than ${largestFile} bytes`);
  const documents = readYaml({ path, bytes: readFileSync(path) });
  if (isMistakes(documents)) {
    mistakes.push(...documents);
    return [];
  }
  const [document] = documents;
  const fields = document?.value;
  if (!document || !isFields(fields)) {
    mistakes.push({ at: { file: path, line: 1, column: 1 }, message: 'must be an object' });
    return [];
  }
  const id = basename(path, extname(path));
  return [{ id, fields, at: document.at }];
}
