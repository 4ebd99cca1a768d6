import type { Context } from 'koa';
import { originOf } from '../answer.ts';
import { findBucket } from '../find-object.ts';
import { bucketResource, layoutResource } from '../object-resource.ts';
import { isRefusal, type Refusal } from '../refusal.ts';
import type { Store } from '../store/store.ts';
import { largestPage, parameter } from './request.ts';

/** Cloud Storage, "Buckets: list". All projects are one here, and a page token is the name of the bucket before. */
export function listBuckets(ctx: Context, store: Store): object {
  const prefix = parameter(ctx, 'prefix') ?? '';
  const after = parameter(ctx, 'pageToken') ?? '';
  const wanted = store.objects.buckets().filter(({ name }) => name.startsWith(prefix) && name > after);
  const page = wanted.slice(0, largestPage(ctx));
  const next = page.length < wanted.length ? page.at(-1)?.name : undefined;
  return {
    kind: 'storage#buckets',
    ...(next !== undefined && { nextPageToken: next }),
    ...(page.length > 0 && { items: page.map((bucket) => bucketResource(bucket, originOf(ctx))) }),
  };
}

export function getBucket(ctx: Context, store: Store): object | Refusal {
  const bucket = findBucket(store, String(ctx.params.bucket));
  return isRefusal(bucket) ? bucket : bucketResource(bucket, originOf(ctx));
}

/** gcloud asks before it moves: folders are not things of their own here. */
export function getLayout(ctx: Context, store: Store): object | Refusal {
  const bucket = findBucket(store, String(ctx.params.bucket));
  return isRefusal(bucket) ? bucket : layoutResource(bucket);
}
