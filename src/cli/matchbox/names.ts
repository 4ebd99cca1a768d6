import { type Arch, type AssetKind, isName } from '../../boot/asset/asset-name.ts';

/** Whatever Matchbox calls something, as a name here. */
export function nameFrom(text: string): string {
  const name = text
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[-.]+|-+$/g, '')
    .slice(0, 128);
  return isName(name) ? name : 'unnamed';
}

const version = /\d+(?:\.\d+)+/;
const wholeVersion = /^v?\d+(?:\.\d+)+(?:[-+][0-9A-Za-z.]+)?$/;

/**
 * What to call the asset of a path: a part that is a version is its version (`flatcar/2605.6.0/vmlinuz` is
 * `flatcar-vmlinuz@2605.6.0`), else one within the file's name, else the given one.
 */
export function assetNamed(path: string, kind: AssetKind, otherwise: string) {
  const parts = path.split('/').filter((part) => part !== '');
  const whole = parts.find((part) => wholeVersion.test(part));
  const within = whole ?? version.exec(parts.at(-1) ?? '')?.[0];
  const rest = parts.filter((part) => part !== whole).join('-');
  const name = whole || !within ? rest : rest.replace(new RegExp(`[-_.]?${RegExp.escape(within)}`), '');
  return { kind, name: nameFrom(name), version: nameFrom(within ?? otherwise), arch: archIn(path) };
}

function archIn(path: string): Arch {
  return /aarch64|arm64/i.test(path) ? 'arm64' : 'x86_64';
}
