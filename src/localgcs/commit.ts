import type { Attributes } from './attributes.ts';
import type { Target } from './find-object.ts';
import { type Preconditions, unmetByWriter } from './preconditions.ts';
import { isRefusal, type Refusal } from './refusal.ts';
import { transaction } from './store/database.ts';
import type { StoredObject } from './store/objects-table.ts';
import type { Store } from './store/store.ts';

/** A sealed file and what is known of its bytes. */
export type Content = Pick<StoredObject, 'file' | 'size' | 'crc32c' | 'md5' | 'components'>;

/**
 * Makes a sealed file the object's new generation; on the disk when it returns. When it refuses or throws, the
 * old generation is untouched and the file is still the caller's.
 */
export function commit(
  store: Store,
  target: Target,
  { content, attributes }: { content: Content; attributes: Attributes },
  preconditions: Preconditions,
  also: (object: StoredObject) => void = () => {},
): StoredObject | Refusal {
  let replaced: StoredObject | undefined;
  const object = transaction(store.database, () => {
    replaced = store.objects.find(target.bucket, target.name);
    const refusal = unmetByWriter(preconditions, replaced);
    if (refusal) return refusal;
    const now = store.clock().getTime();
    const generation = store.objects.nextGeneration(now);
    const { bucket, name } = target;
    const { file, size, crc32c, md5, components } = content;
    const bytes = { file, size, crc32c, md5, components };
    const put = {
      bucket,
      name,
      generation,
      metageneration: 1,
      ...bytes,
      attributes,
      created: now,
      updated: now,
    };
    store.objects.put(put);
    also(put);
    return put;
  });
  if (!isRefusal(object) && replaced) dropFile(store, replaced);
  return object;
}

/** Removes the bytes of what the index no longer holds. Should that fail, the next start does it. */
export function dropFile(store: Store, object: StoredObject): void {
  store.files.remove(object.file).catch(() => {});
}
