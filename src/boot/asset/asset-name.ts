export const assetKinds = ['kernel', 'initrd', 'efi', 'iso', 'rootfs', 'file'] as const;
export type AssetKind = (typeof assetKinds)[number];

/** `x86_64` is DHCP client-arch 16 for HTTP boot, `arm64` is 19 (RFC 5970 registry). */
export const archs = ['x86_64', 'arm64'] as const;
export type Arch = (typeof archs)[number];

/** What an asset is called; no two share it. */
export interface AssetName {
  readonly kind: AssetKind;
  readonly name: string;
  readonly version: string;
  readonly arch: Arch;
  /** Where an image has several of a kind (efi, file), the name of each but one: what is asked for beside the first stage, or among its files. */
  readonly filename?: string;
}

/** A name: one path segment, the same in a URL, a file name and a command line. */
export function isName(text: string): boolean {
  return /^[A-Za-z0-9._-]{1,128}$/.test(text) && text !== '.' && text !== '..';
}

/** A version as distributions write them: besides what a name has, an epoch, what was added, and what comes before (`1:6.1~rc1+deb12`). */
export function isVersion(text: string): boolean {
  return /^[A-Za-z0-9._+~:-]{1,128}$/.test(text) && text !== '.' && text !== '..';
}

/** What people are told of it. */
export function assetTitle(asset: AssetName): string {
  return `${asset.kind} ${nameAtVersion(asset)} for ${asset.arch}`;
}

/** As it is written down: by the name, which is the same on every broker. */
export function nameAtVersion({
  name,
  version,
  filename,
}: Pick<AssetName, 'name' | 'version' | 'filename'>): string {
  return `${name}@${version}${filename === undefined ? '' : `/${filename}`}`;
}

/** Its name alone. */
export function nameOf({ kind, name, version, arch, filename }: AssetName): AssetName {
  return { kind, name, version, arch, ...(filename !== undefined && { filename }) };
}

/** A safe file name, in the storage and on any disk, with the suffix that firmware and BMCs look at. */
export function fileName(asset: AssetName): string {
  if (asset.filename !== undefined) return asset.filename;
  const suffix = {
    kernel: '.kernel',
    initrd: '.initrd',
    efi: '.efi',
    iso: '.iso',
    rootfs: '.rootfs',
    file: '',
  };
  const version = asset.version.replaceAll(/[+~:]/g, '_');
  return `${asset.name}-${version}-${asset.arch}${suffix[asset.kind]}`;
}
