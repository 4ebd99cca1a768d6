import type { KeySource } from './settings.ts';

/** Where the gateway's files are on its machine. */
export interface Places {
  readonly etc: string;
  readonly lib: string;
  readonly run: string;
  readonly log: string;
  readonly cache: string;
}

/** The usual places, or the same under a folder, to try the gateway out without installing it. */
export function placesUnder(root = ''): Places {
  return {
    etc: `${root}/etc/bootbroker`,
    lib: `${root}/etc/bootbroker/lib`,
    run: `${root}/run/bootbroker`,
    log: `${root}/var/log/bootbroker`,
    cache: `${root}/var/cache/bootbroker`,
  };
}

/** Where a key is read: its own file, or the one that it is fetched into. */
export function keyFile(source: KeySource, name: string, { run }: Places): string {
  return 'file' in source ? source.file : `${run}/keys/${name}`;
}
