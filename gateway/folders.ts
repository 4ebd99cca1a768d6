import type { Places } from './places.ts';
import type { Settings } from './settings.ts';

/** A folder that a program writes to, with the rights that it must have before the program starts. */
export interface Folder {
  readonly path: string;
  readonly mode: string;
  readonly owner: string;
  readonly group: string;
}

/** The folders of the gateway's programs, from the outside to the inside. */
export function folders({ user }: Pick<Settings, 'user'>, { run, log, cache }: Places): readonly Folder[] {
  const ofRoot = { owner: 'root', group: 'root' };
  const ofEdge = { owner: user, group: user };
  return [
    { path: run, mode: '0755', ...ofRoot },
    { path: `${run}/canary`, mode: '0755', ...ofEdge },
    { path: `${run}/edge`, mode: '0750', ...ofEdge },
    { path: `${run}/keys`, mode: '0750', owner: 'root', group: user },
    { path: log, mode: '0750', owner: user, group: 'adm' },
    { path: cache, mode: '0700', ...ofEdge },
    { path: `${cache}-answers`, mode: '0700', ...ofEdge },
  ];
}
