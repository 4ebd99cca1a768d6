import type { Context } from 'koa';
import { type Asset, deliverable, isName } from '../../boot/asset.ts';
import { newestImage, parseImageId } from '../../boot/image.ts';
import { isRefusal, type Refusal, refuse } from '../../boot/problem.ts';
import { parseArch, revisionAsset } from '../../boot/profile.ts';
import { note } from '../plane/request-log.ts';
import { type Answer, assetAnswer, refusal } from './answer.ts';
import { bootingOf, claimedMachine, identityOf, query, scriptedMachine } from './machine-of.ts';
import type { BootParts } from './parts.ts';

/** `/asset/{revision}/{part}`: a profile revision's own assets, for good. */
export async function revisionPart(ctx: Context, parts: BootParts): Promise<Answer> {
  const { revision: id } = ctx.params;
  if (!isName(id)) return refusal(badName(id));
  const machine = await scriptedMachine(ctx, parts);
  if (isRefusal(machine)) return refusal(machine);
  const revision = await parts.records.profile(id);
  if (!revision) return refusal(refuse('unknown-profile', `There is no profile revision ${id}.`));
  note(ctx, { revision: id });
  const asset = revisionAsset(revision, partOf(ctx));
  if (isRefusal(asset)) return refusal(asset);
  return assetAnswer(ctx, parts, asset, 'immutable', { ...(machine && { machine }), revision: id });
}

/** `/m/{mac}/{part}`: what this machine boots now, for loaders that lose queries. */
export async function machinePart(ctx: Context, parts: BootParts): Promise<Answer> {
  const identity = identityOf(ctx);
  if (isRefusal(identity)) return refusal(identity);
  const machine = await claimedMachine(ctx, identity, parts);
  if (isRefusal(machine)) return refusal(machine);
  const booting = await bootingOf(ctx, identity, machine, parts);
  if (isRefusal(booting)) return refusal(booting);
  const asset = revisionAsset(booting.revision, partOf(ctx));
  if (isRefusal(asset)) return refusal(asset);
  return assetAnswer(ctx, parts, asset, 'alias', {
    ...(machine && { machine }),
    revision: booting.revision.id,
  });
}

/** `/assets/{image}/{kernel|initrd}`: an image's assets, by its id, by the id of one of them, or by its bare name. */
export async function imagePart(ctx: Context, parts: BootParts): Promise<Answer> {
  const { image, kind } = ctx.params;
  if (kind !== 'kernel' && kind !== 'initrd')
    return refusal(refuse('unknown-asset', 'An image has a kernel and an initrd, nothing else.'));
  const name = parseImageId(image);
  if (!name) return refusal(badName(image));
  const asset = name.by === 'asset' ? await parts.records.asset(name.asset) : undefined;
  const exact = name.by === 'id' ? name : asset;
  if (!exact) return newestPart(ctx, parts, image, kind);
  const part = await parts.records.namedAsset({
    name: exact.name,
    version: exact.version,
    arch: exact.arch,
    kind,
  });
  return imageAnswer(ctx, parts, part, 'immutable', `image ${image}`, kind);
}

/** `/kernels/{name}.img` and `/initrd/{name}.img`: of the newest complete image, so that the two always match. */
export function namedImagePart(kind: 'kernel' | 'initrd') {
  return async (ctx: Context, parts: BootParts): Promise<Answer> => {
    const { file } = ctx.params;
    if (!file.endsWith('.img'))
      return refusal(refuse('no-such-route', `There is no ${file.slice(0, 140)} here, only NAME.img.`));
    const name = file.slice(0, -'.img'.length);
    if (!isName(name)) return refusal(badName(name));
    return newestPart(ctx, parts, name, kind);
  };
}

async function newestPart(
  ctx: Context,
  parts: BootParts,
  name: string,
  kind: 'kernel' | 'initrd',
): Promise<Answer> {
  const arch = parseArch(query(ctx, 'arch') ?? 'x86_64');
  if (!arch) return refusal(refuse('bad-input', 'The arch parameter is neither x86_64 nor arm64.'));
  const assets = await parts.records.imageAssets(name);
  const image = newestImage(assets.filter((asset) => asset.arch === arch));
  return imageAnswer(ctx, parts, image?.[kind], 'alias', `complete image ${name} for ${arch}`, kind);
}

function imageAnswer(
  ctx: Context,
  parts: BootParts,
  part: Asset | undefined,
  permanence: 'immutable' | 'alias',
  what: string,
  kind: string,
): Answer {
  const asset = part && deliverable(part);
  if (!asset) return refusal(refuse('unknown-asset', `There is no ${what} with a ready ${kind}.`));
  return assetAnswer(ctx, parts, asset, permanence);
}

function partOf(ctx: Context): string {
  return ctx.params.n === undefined ? ctx.params.part : `initrd/${ctx.params.n}`;
}

function badName(text: string): Refusal {
  return refuse(
    'bad-request-target',
    `"${text.slice(0, 140)}" is no name: names have 1 to 128 of A-Z a-z 0-9 . _ -`,
  );
}
