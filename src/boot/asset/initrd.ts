import type { ResolvedAsset } from './asset.ts';
import { nameAtVersion } from './asset-name.ts';

/** An initrd as a profile names it: an asset, and the name under which iPXE is to load it, if that matters. */
export interface InitrdReference {
  readonly name?: string;
  readonly asset: string;
}

/** Reads `NAME@VERSION` or `boot.wim=NAME@VERSION`; what the asset is, is for others to read. No reference has a `=`. */
export function parseInitrd(text: string): InitrdReference {
  const at = text.indexOf('=');
  return at < 0 ? { asset: text } : { name: text.slice(0, at), asset: text.slice(at + 1) };
}

export function initrdText({ name, asset }: InitrdReference): string {
  return name === undefined ? asset : `${name}=${asset}`;
}

/** An asset of a revision as somebody would write it again: only an initrd has a name to be loaded under. */
export function writtenAs(asset: ResolvedAsset): string {
  const { loaded_as: name } = asset;
  return initrdText({ ...(name !== undefined && { name }), asset: nameAtVersion(asset) });
}

/** A file that iPXE may be told to load: one word of its script, and none that the broker itself uses. */
export function isFileName(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/.test(text) && !/^(kernel|initrd\d*|initrd\.magic)$/i.test(text);
}

/** The first name that two of them have, as wimboot would see it: in either case. What is no text has none. */
export function sharedName(initrds: readonly unknown[]): string | undefined {
  const texts = initrds.filter((one) => typeof one === 'string');
  const names = texts.flatMap((text) => parseInitrd(text).name?.toLowerCase() ?? []);
  return names.find((name, n) => names.indexOf(name) !== n);
}

/** What the n-th initrd of a revision is called while it boots. */
export function loadedAs({ loaded_as }: Pick<ResolvedAsset, 'loaded_as'>, n: number): string {
  return loaded_as ?? `initrd${n}`;
}

/**
 * The words that the command line needs besides what was written: Linux's EFI stub finds an initrd only by the name that iPXE gave it
 * (drivers/firmware/efi/libstub). What has a name of its own is looked for by that name, as wimboot does.
 */
export function initrdWords(initrds: readonly Pick<ResolvedAsset, 'loaded_as'>[]): readonly string[] {
  return initrds.flatMap((one, n) => (one.loaded_as === undefined ? `initrd=${loadedAs(one, n)}` : []));
}
