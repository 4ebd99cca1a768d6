import { type Refusal, refuse } from './refusal.ts';
import type { Bucket, StoredObject } from './store/objects-table.ts';
import type { Store } from './store/store.ts';

/** Which object a request is about. */
export interface Target {
  readonly bucket: string;
  readonly name: string;
}

export function findBucket(store: Store, name: string): Bucket | Refusal {
  return store.objects.bucket(name) ?? refuse('NoSuchBucket', `There is no bucket ${name} here.`);
}

/** The object; with `generation` that one or none. */
export function findObject(
  store: Store,
  { bucket, name }: Target,
  generation?: number,
): StoredObject | Refusal {
  const object = store.objects.find(bucket, name);
  if (object && (generation === undefined || generation === object.generation)) return object;
  if (!store.objects.bucket(bucket)) return refuse('NoSuchBucket', `There is no bucket ${bucket} here.`);
  const which = generation === undefined ? '' : `#${generation}`;
  return refuse('NoSuchKey', `No such object: ${bucket}/${name}${which}`);
}

/**
 * Whether something can be written there. Names are Google's: 1 to 1024 bytes of UTF-8 without CR and LF
 * (Cloud Storage, "Object name requirements").
 */
export function badTarget(store: Store, { bucket, name }: Target): Refusal | undefined {
  const bytes = Buffer.byteLength(name);
  if (bytes < 1 || bytes > 1024)
    return refuse('InvalidArgument', `An object's name has 1 to 1024 bytes, not ${bytes}.`);
  if (/[\0\r\n]/.test(name) || !name.isWellFormed())
    return refuse('InvalidArgument', "An object's name is UTF-8 without NUL and line breaks.");
  return store.objects.bucket(bucket)
    ? undefined
    : refuse('NoSuchBucket', `There is no bucket ${bucket} here.`);
}
