import { archOfEfiFile } from '../../boot/asset/arch.ts';
import { assetKinds, isName } from '../../boot/asset/asset-name.ts';
import { parseImageId } from '../../boot/asset/image.ts';
import type { WantedImage } from '../../boot/asset/image-asset.ts';
import type { Wanted } from '../../boot/boot-request.ts';
import { type Refusal, refuse } from '../../boot/problem.ts';
import { parseArch } from '../../boot/profile.ts';
import type { Query } from './request.ts';

/** What a route is asked by. */
export interface Asking {
  readonly path: string;
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly query: Query;
}

/** The boot URL, of the architecture in its path. */
export function bootUrl({ path, params: { arch: text = 'x86_64' } }: Asking): Wanted | Refusal {
  const arch = parseArch(text);
  return arch ? { kind: 'entry', path, arch } : noArch(text);
}

/** A file beside the first stage. Where neither the path nor its name says for which architecture, it is x86_64, as of `/boot.efi`. */
export function siblingOf({ params: { arch: text, file = '' } }: Asking): Wanted | Refusal {
  const filename = `${file}.efi`;
  const arch = text === undefined ? (archOfEfiFile(filename) ?? 'x86_64') : parseArch(text);
  if (!arch) return noArch(text);
  return isName(filename) ? { kind: 'sibling', filename, arch } : badName(filename);
}

/** A part of one revision. */
export function revisionPart({ params }: Asking): Wanted | Refusal {
  const { revision = '' } = params;
  return isName(revision) ? { kind: 'revision', revision, part: partIn(params) } : badName(revision);
}

/** `kernel`, `initrd/1` or `file/NAME`. */
export function partIn({ part = '', n, name }: Asking['params']): string {
  if (name !== undefined) return `file/${name}`;
  return n === undefined ? part : `initrd/${n}`;
}

/** By its id, by the id of one of its assets, or by its bare name. */
export function imagePart({
  params: { image: text = '', kind: part, name: filename },
  query,
}: Asking): Wanted | Refusal {
  const kind = assetKinds.find((one) => one === part);
  if (!kind)
    return refuse('unknown-asset', `An image has no ${part?.slice(0, 140)}, only ${assetKinds.join(', ')}.`);
  if (filename !== undefined && !isName(filename)) return badName(filename);
  const image = parseImageId(text);
  return image
    ? ofImageNamed({ image, kind, ...(filename !== undefined && { filename }) }, query)
    : badName(text);
}

/** A name and what ends it, which says what is wanted: one ending is taken off, so that `a-kernel-kernel.img` is the kernel of `a-kernel`. */
export function fileOf(...endings: readonly (readonly [ending: string, kind: 'kernel' | 'initrd'])[]) {
  return ({ params: { file = '' }, query }: Asking): Wanted | Refusal => {
    const [ending, kind] = endings.find(([one]) => file.endsWith(one)) ?? [];
    if (!ending || !kind) {
      const known = endings.map(([one]) => `NAME${one}`).join(' and ');
      return refuse('no-such-route', `There is no ${file.slice(0, 140)} here, only ${known}.`);
    }
    const name = file.slice(0, -ending.length);
    return isName(name) ? ofImageNamed({ image: { by: 'name', name }, kind }, query) : badName(name);
  };
}

function ofImageNamed(part: Omit<WantedImage, 'arch'>, query: Query): Wanted | Refusal {
  const arch = parseArch(query('arch') ?? 'x86_64');
  if (arch) return { kind: 'image', part: { ...part, arch } };
  return refuse('bad-input', 'The arch parameter is neither x86_64 nor arm64.');
}

function noArch(text: string | undefined): Refusal {
  return refuse('no-such-route', `There is no architecture ${text}: x86_64 and arm64 are served.`);
}

function badName(text: string): Refusal {
  return refuse(
    'bad-request-target',
    `"${text.slice(0, 140)}" is no name: names have 1 to 128 of A-Z a-z 0-9 . _ -`,
  );
}
