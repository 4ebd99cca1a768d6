import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assetTitle } from '../../boot/asset/asset-name.ts';
import { filenameFault } from '../../boot/asset/filename.ts';
import { Failure } from '../verb/failure.ts';
import { withFilenames } from './filenames.ts';
import { folderSources } from './import-folder.ts';
import { type Given, named, type Source, type Sources, shown } from './import-source.ts';

/** All that the arguments name, before anything is fetched or sent; all that is wrong with them ends the command. */
export async function sourcesOf(args: readonly string[], given: Given): Promise<Sources> {
  const found = await Promise.all(args.map((arg) => sourcesOfOne(arg, given)));
  const sources = withFilenames(found.flatMap((one) => one.sources));
  const faults = [
    ...found.flatMap((one) => one.faults),
    ...twins(sources),
    ...sources.flatMap((source) => {
      const fault = filenameFault(source.name);
      return fault ? `${shown(source)}: its name ${fault}` : [];
    }),
  ];
  if (faults.length > 0) throw failure(faults);
  return { sources, skipped: found.flatMap((one) => one.skipped), faults };
}

/** Two that would be one asset are a mistake. */
function twins(sources: readonly Source[]): string[] {
  const seen = new Map<string, Source>();
  return sources.flatMap((source) => {
    const key = assetTitle(source.name);
    const other = seen.get(key);
    if (!other) seen.set(key, source);
    return other
      ? `${shown(other)} and ${shown(source)} would both be ${key}; import one of them, or name the other with --kind, --name and --version${source.name.kind === 'efi' ? ', or push it with --filename' : ''}`
      : [];
  });
}

async function sourcesOfOne(arg: string, given: Given): Promise<Sources> {
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(arg) ? parsed(arg) : undefined;
  if (url && url.protocol !== 'file:')
    return single({ url }, named(basename(decodeURIComponent(url.pathname)), arg, given));
  const path = url ? fileURLToPath(url) : arg;
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new Failure(
      'usage',
      `${path} cannot be read (${error.code}); give a file, a folder or an http(s) URL`,
    );
  });
  return found.isDirectory()
    ? folderSources(path, given)
    : single({ path }, named(basename(path), path, given));
}

function single(from: Source['from'], name: ReturnType<typeof named>): Sources {
  if (Array.isArray(name)) return { sources: [], skipped: [], faults: name };
  return { sources: [{ from, name }], skipped: [], faults: [] };
}

function parsed(text: string): URL {
  const url = URL.parse(text);
  if (!url || !['http:', 'https:', 'file:'].includes(url.protocol))
    throw new Failure(
      'usage',
      `${text.split(/[?#]/)[0]} is no http, https or file URL; fetch it yourself and give the file`,
    );
  if (url.username || url.password)
    throw new Failure(
      'usage',
      `a URL with a password is seen by everybody on this machine; fetch it yourself and give the file`,
    );
  return url;
}

const mostShown = 50;

function failure(faults: readonly string[]): Failure {
  const [first = '', ...rest] = new Set(faults);
  if (rest.length === 0) return new Failure('usage', first);
  const details = [first, ...rest].slice(0, mostShown);
  return new Failure('usage', `${rest.length + 1} mistakes, and nothing was imported`, { details });
}
