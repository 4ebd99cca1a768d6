import type { Arch, AssetKind, AssetName } from '../../boot/asset/asset-name.ts';
import { nameFault, versionFault } from '../verb/options.ts';
import { kindOf } from './file-kind.ts';

/** Something to import, and the asset that it becomes. */
export interface Source {
  readonly from: { readonly path: string } | { readonly url: URL };
  readonly name: AssetName;
}

/** What the command line says of all sources; unset: their own names do. */
export interface Given {
  readonly kind?: AssetKind | undefined;
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  readonly arch?: Arch | undefined;
}

export interface Sources {
  readonly sources: readonly Source[];
  /** Files of which nothing says what they are. */
  readonly skipped: readonly string[];
  /** All that is wrong. */
  readonly faults: readonly string[];
}

/** Where it is from, without what may be secret in a URL. */
export function shown({ from }: Source): string {
  return 'path' in from ? from.path : from.url.origin + from.url.pathname;
}

/** Its path, on this machine or on its server. */
export function sourcePath({ from }: Source): string {
  return 'path' in from ? from.path : decodeURIComponent(from.url.pathname);
}

/** What asset a file becomes, or all that is wrong with that. */
export function named(fileName: string, what: string, given: Given): AssetName | string[] {
  const kind = given.kind ?? kindOf(fileName);
  if (!kind) return [`the name of ${what} does not say what it is; say it with --kind`];
  const { name, version, arch = 'x86_64' } = given;
  if (name === undefined || version === undefined) return [`${what} needs --name and --version`];
  const faults = [nameFault('--name', name), versionFault('--version', version)].filter(
    (fault) => fault !== undefined,
  );
  return faults.length > 0 ? faults : { kind, name, version, arch };
}
