import { Agent, type Dispatcher } from 'undici';
import { hashOf } from '../../boot/asset/asset.ts';
import type { AssetName } from '../../boot/asset/asset-name.ts';
import { assetTitle } from '../../boot/asset/asset-name.ts';
import type { Api } from '../broker/api.ts';
import type { Waiting } from '../broker/patience.ts';
import { type Progress, progress } from '../output/progress.ts';
import { bytes } from '../output/units.ts';
import { Failure } from '../verb/failure.ts';
import { printable } from '../verb/printable.ts';
import type { System } from '../verb/system.ts';
import { digest } from './digest.ts';
import { type Pushed, push } from './push.ts';
import { openSource } from './source-file.ts';
import { unfinishedUploads } from './unfinished.ts';
import { wrongContent } from './wrong-content.ts';

/** A file, and the asset that it becomes. */
export interface Wanted {
  readonly path: string;
  readonly name: AssetName;
  readonly type: string | undefined;
  readonly verify: string | undefined;
  /** Hex; the file must have it. */
  readonly sha256?: string | undefined;
}

/** What all files of one command share. */
export interface Pushing {
  readonly system: System;
  readonly api: Api;
  readonly dispatcher: Dispatcher;
  readonly signal: AbortSignal;
  readonly waiting: Waiting;
  readonly bar: Progress;
}

/** No connection may stand still for longer. */
export const stallMs = 60_000;

/** Does the work with a connection and a progress bar that are gone afterwards. */
export async function pushing<Result>(
  system: System,
  api: Api,
  { signal, quiet }: { readonly signal: AbortSignal; readonly quiet: boolean },
  work: (pushing: Pushing) => Promise<Result>,
): Promise<Result> {
  const bar = progress(system.stderr, system.clock, quiet);
  const dispatcher = new Agent();
  const waiting: Waiting = {
    sleep: system.sleep,
    signal,
    onWait: (why, seconds) => bar.note(`${why}; trying again in ${Math.ceil(seconds)} s`),
  };
  try {
    return await work({ system, api, dispatcher, signal, waiting, bar });
  } finally {
    bar.end();
    await dispatcher.destroy();
  }
}

/** Hashes a file and brings it to the storage; whatever an earlier call brought of it stays there. */
export async function pushFile(wanted: Wanted, by: Pushing): Promise<Pushed> {
  const { system, api, dispatcher, signal, waiting, bar } = by;
  const file = await openSource(wanted.path);
  try {
    const { kind } = wanted.name;
    const found = await wrongContent(kind, file.handle);
    if (found)
      throw new Failure('refused', `${wanted.path} is ${found}, and no ${kind}; nothing of it is an asset`);
    const hashes = await digest(file.handle, signal, (done) => bar.at('hashing', done, file.size));
    await file.assertUnchanged();
    if (wanted.sha256 && wanted.sha256 !== hashes.sha256)
      throw new Failure(
        'refused',
        `${wanted.path} has the sha256 ${hashes.sha256}, not ${wanted.sha256}; nothing of it is an asset`,
      );
    return await push({
      api,
      file,
      digest: hashes,
      name: wanted.name,
      type: wanted.type,
      verify: wanted.verify,
      line: { dispatcher, signal, stallMs },
      waiting,
      unfinished: unfinishedUploads(system.stateDir),
      progress: bar,
      clock: system.clock,
    });
  } finally {
    await file.close();
  }
}

/** What became of a push, on one line. */
export function sentence({ outcome, resumed_at, asset }: Pushed): string {
  const what = assetTitle(asset);
  const how = `${bytes(asset.size)}, ${hashOf(asset)}`;
  if (outcome === 'there') return `${printable(`${what} is there already: ${how}`)}\n`;
  const resumed = resumed_at > 0 ? `, resumed at ${bytes(resumed_at)}` : '';
  return `${printable(`${what} is ready: ${how}${resumed}`)}\n`;
}
