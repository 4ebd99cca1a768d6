import type { ShownChange } from '../../boot/apply/changes.ts';
import { assetTitle } from '../../boot/asset/asset-name.ts';
import { type Answer, accepted, problemName, type Query } from '../broker/api.ts';
import { patience, type Waiting } from '../broker/patience.ts';
import { type ListedAsset, listedAssets } from '../manifest/asset-files.ts';
import type { Manifest } from '../manifest/gather.ts';
import { type Mistake, mistaken, refusedParts } from '../manifest/problem.ts';
import { type Section, sections } from '../manifest/sections.ts';
import { type Pushing, pushFile } from '../push/push-file.ts';
import { Failure } from '../verb/failure.ts';
import { jsonLine, printable } from '../verb/printable.ts';
import type { System } from '../verb/system.ts';

export interface ApplyOptions {
  readonly dryRun?: true;
  readonly prune?: true;
  readonly detailedExitcode?: true;
  readonly json?: true;
}

/** With --detailed-exitcode: a dry run found changes. */
const changesPending = 4;

interface Applied {
  readonly dry_run: boolean;
  readonly changes: readonly ShownChange[];
}

export interface Applying {
  readonly by: Pushing;
  readonly system: System;
  readonly exit: (code: number) => void;
  /** Goes into the JSON. */
  readonly also?: object;
}

/** Shows what would change; then, unless it is a dry run, pushes what is missing and has all the rest written at once. */
export async function applyState(
  manifest: Manifest,
  options: ApplyOptions,
  { by, system, exit, also }: Applying,
): Promise<void> {
  const { api, bar } = by;
  const { stdout } = system;
  const assets = await listedAssets(manifest.assets, by);
  const body = {
    ...Object.fromEntries(sections.map((section) => [section, manifest[section].map(({ value }) => value)])),
    assets: assets.map(({ fields }) => fields),
  };
  const prune = options.prune ? '1' : undefined;
  const post = (query: Query) => whenFree(by.waiting, () => api.post('apply', body, query));
  const planned = answered(await post({ prune, dry_run: '1' }), manifest);
  bar.end();
  const missing = missingOf(planned, assets);
  if (!options.json) stdout.write(changesText(planned.changes));
  if (options.dryRun) {
    if (options.json) stdout.write(jsonLine({ ...planned, ...also }));
    else stdout.write(`${summary(planned.changes, true)}\n`);
    if (options.detailedExitcode && planned.changes.length > 0) exit(changesPending);
    return;
  }
  // What firmware gets first of a chain has no filename, and comes last: with it the chain is in use.
  const inOrder = missing.toSorted((a, b) => Number(!a.name?.filename) - Number(!b.name?.filename));
  for (const { push } of inOrder) if (push) await pushFile(push, by);
  const applied = planned.changes.length === 0 ? planned : answered(await post({ prune }), manifest);
  bar.end();
  const done = {
    ...applied,
    dry_run: false,
    changes: [...planned.changes.filter(isAsset), ...applied.changes],
  };
  stdout.write(options.json ? jsonLine({ ...done, ...also }) : `${summary(done.changes, false)}\n`);
}

/** A broker plans one apply at a time. Who finds others before them asks again. */
async function whenFree(waiting: Waiting, call: () => Promise<Answer>): Promise<Answer> {
  const patient = patience(waiting);
  for (;;) {
    try {
      return await call();
    } catch (error) {
      const problem = error instanceof Failure ? error.problem : undefined;
      if (!problem || problemName(problem) !== 'apply-busy') throw error;
      await patient.wait('others apply at the moment');
    }
  }
}

function isAsset({ kind }: ShownChange): boolean {
  return kind === 'asset';
}

/** Those that the broker lacks; all of them must have a file. */
function missingOf({ changes }: Applied, assets: readonly ListedAsset[]): readonly ListedAsset[] {
  const names = new Set(changes.filter(isAsset).map(({ name }) => name));
  const missing = assets.filter(({ name }) => name && names.has(assetTitle(name)));
  const without = missing.filter(({ push }) => !push);
  const mistakes = without.map(
    ({ entry }): Mistake => ({
      at: entry.at([]),
      message: 'the broker does not have this asset, and it names no file to push',
    }),
  );
  if (mistakes.length > 0) throw mistaken(mistakes);
  return missing;
}

/** What the broker answered; of a refusal each part with its place in the files. */
function answered(answer: Answer, manifest: Manifest): Applied {
  if (!answer.ok) {
    const place = (section: string, index: number, rest: readonly (string | number)[]) =>
      manifest[section as Section]?.[index]?.at(rest);
    throw refusedParts(answer.problem, place);
  }
  return accepted(answer) as Applied;
}

const signs = { create: '+', change: '~', delete: '-' } as const;

function changesText(changes: readonly ShownChange[]): string {
  return changes
    .flatMap(({ action, kind, name, differences }) => [
      `${signs[action]} ${kind.padEnd(8)} ${name}`,
      ...differences.map(({ text }) => `    ${text}`),
    ])
    .map((line) => `${printable(line)}\n`)
    .join('');
}

function summary(changes: readonly ShownChange[], dryRun: boolean): string {
  if (changes.length === 0) return 'nothing to do: it is so already';
  const count = (action: ShownChange['action']) => changes.filter((one) => one.action === action).length;
  const counts = `${count('create')} to create, ${count('change')} to change, ${count('delete')} to delete`;
  return dryRun
    ? `${counts}; nothing was written`
    : `done: ${counts.replaceAll(/ to (\w+?)e?(?=,|$)/g, ' $1ed')}`;
}
