import type { Context } from 'koa';
import { z } from 'zod';
import { answerEmpty, originOf } from '../answer.ts';
import { deleteObject, patchObject } from '../change-object.ts';
import { composeObjects } from '../compose.ts';
import { copyObject } from '../copy.ts';
import { findObject, type Target } from '../find-object.ts';
import { answerMedia } from '../media.ts';
import { objectResource } from '../object-resource.ts';
import { unmet } from '../preconditions.ts';
import { isRefusal, type Refusal, refuse } from '../refusal.ts';
import { incoming, readJson, readPatch } from '../request-body.ts';
import type { StoredObject } from '../store/objects-table.ts';
import type { Store } from '../store/store.ts';
import { listObjects } from './listing.ts';
import { describedBy, largestPage, parameter, wantedOf } from './request.ts';

/** What the caller is told: a JSON resource, a refusal, or undefined when the answer stands already. */
export type Answer = object | Refusal | undefined;

const targetOf = (ctx: Context): Target => ({
  bucket: String(ctx.params.bucket),
  name: String(ctx.params.object),
});

function resourceOf(ctx: Context, object: StoredObject | Refusal): object | Refusal {
  return isRefusal(object) ? object : objectResource(object, originOf(ctx));
}

/** The resource, or with `alt=media` the bytes. */
export async function getObject(ctx: Context, store: Store): Promise<Answer> {
  const wanted = wantedOf(ctx);
  if (isRefusal(wanted)) return wanted;
  const object = findObject(store, targetOf(ctx), wanted.generation);
  if (isRefusal(object)) return object;
  const failed = unmet(wanted.preconditions, object);
  if (failed === 'match') return refuse('PreconditionFailed');
  if (failed === 'changed-only') {
    answerEmpty(ctx, 304);
    return undefined;
  }
  if (parameter(ctx, 'alt') === 'media' || ctx.path.startsWith('/download/'))
    return await answerMedia(ctx, store, object);
  return objectResource(object, originOf(ctx));
}

export function list(ctx: Context, store: Store): Answer {
  const text = (name: string) => parameter(ctx, name) ?? '';
  if (text('matchGlob') !== '')
    return refuse('NotImplemented', 'Listings here know prefix and delimiter, not matchGlob.');
  const listing = listObjects(store, String(ctx.params.bucket), {
    prefix: text('prefix'),
    delimiter: text('delimiter'),
    includeTrailingDelimiter: text('includeTrailingDelimiter').toLowerCase() === 'true',
    maxResults: largestPage(ctx),
    startOffset: text('startOffset'),
    endOffset: text('endOffset'),
    pageToken: text('pageToken'),
  });
  if (isRefusal(listing)) return listing;
  const { items, prefixes, nextPageToken } = listing;
  return {
    kind: 'storage#objects',
    ...(nextPageToken !== undefined && { nextPageToken }),
    ...(prefixes.length > 0 && { prefixes }),
    ...(items.length > 0 && { items: items.map((object) => objectResource(object, originOf(ctx))) }),
  };
}

export async function patch(ctx: Context, store: Store): Promise<Answer> {
  const wanted = wantedOf(ctx);
  if (isRefusal(wanted)) return wanted;
  const body = await readPatch(incoming(ctx).chunks);
  return isRefusal(body) ? body : resourceOf(ctx, patchObject(store, targetOf(ctx), wanted, body));
}

export function remove(ctx: Context, store: Store): Answer {
  const wanted = wantedOf(ctx);
  if (isRefusal(wanted)) return wanted;
  const deleted = deleteObject(store, targetOf(ctx), wanted);
  if (isRefusal(deleted)) return deleted;
  answerEmpty(ctx, 204);
  return undefined;
}

/** `rewriteTo` and `copyTo`. A body that says nothing about the copy leaves it what the source is. */
export async function copy(ctx: Context, store: Store): Promise<Answer> {
  const wanted = wantedOf(ctx);
  if (isRefusal(wanted)) return wanted;
  const source = wantedOf(ctx, 'source');
  if (isRefusal(source)) return source;
  const body = await readJson(incoming(ctx).chunks);
  if (isRefusal(body)) return body;
  const described = describedBy(body);
  if (isRefusal(described)) return described;
  const { sourceBucket: bucket = '', sourceObject: name = '' } = ctx.params as Record<string, string>;
  const says = Object.keys(described.attributes).length > 0;
  const attributes = says ? described.attributes : undefined;
  const object = await copyObject(
    store,
    { bucket, name, ...source },
    { target: targetOf(ctx), attributes, preconditions: wanted.preconditions },
  );
  if (isRefusal(object)) return object;
  const resource = objectResource(object, originOf(ctx));
  if (ctx.path.includes('/copyTo/')) return resource;
  const { size } = resource;
  return {
    kind: 'storage#rewriteResponse',
    totalBytesRewritten: size,
    objectSize: size,
    done: true,
    resource,
  };
}

/** Google's clients write a generation as a text, people as a number. */
const digits = z.union([
  z
    .string()
    .regex(/^\d{1,19}$/)
    .transform(Number),
  z.int().nonnegative(),
]);
const compositionSchema = z.object({
  sourceObjects: z.array(
    z.object({
      name: z.string().refine((name) => name.isWellFormed(), 'is not UTF-8'),
      generation: digits.optional(),
      objectPreconditions: z.object({ ifGenerationMatch: digits.optional() }).optional(),
    }),
  ),
  destination: z.looseObject({}).default({}),
  deleteSourceObjects: z.boolean().default(false),
});

export async function compose(ctx: Context, store: Store): Promise<Answer> {
  const wanted = wantedOf(ctx);
  if (isRefusal(wanted)) return wanted;
  const body = await readJson(incoming(ctx).chunks);
  if (isRefusal(body)) return body;
  const read = compositionSchema.safeParse(body);
  if (!read.success) return refuse('InvalidArgument', z.prettifyError(read.error));
  const described = describedBy(read.data.destination);
  if (isRefusal(described)) return described;
  const { bucket } = targetOf(ctx);
  const sources = read.data.sourceObjects.map(({ name, generation, objectPreconditions }) => {
    const match = objectPreconditions?.ifGenerationMatch;
    return { bucket, name, generation, preconditions: match === undefined ? {} : { generation: match } };
  });
  const object = await composeObjects(store, {
    sources,
    target: targetOf(ctx),
    attributes: described.attributes,
    preconditions: wanted.preconditions,
    deleteSources: read.data.deleteSourceObjects,
  });
  return resourceOf(ctx, object);
}
