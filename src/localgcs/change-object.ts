import { changed } from './attributes.ts';
import { dropFile } from './commit.ts';
import { findObject, type Target } from './find-object.ts';
import { type Preconditions, unmetByWriter } from './preconditions.ts';
import { isRefusal, type Refusal } from './refusal.ts';
import { transaction } from './store/database.ts';
import type { StoredObject } from './store/objects-table.ts';
import type { Store } from './store/store.ts';

/** Which generation is meant, and what must hold. */
export interface Wanted {
  readonly generation: number | undefined;
  readonly preconditions: Preconditions;
}

/** The object, if it is the one that is wanted. */
export function findWanted(store: Store, target: Target, wanted: Wanted): StoredObject | Refusal {
  const object = findObject(store, target, wanted.generation);
  if (isRefusal(object)) return object;
  return unmetByWriter(wanted.preconditions, object) ?? object;
}

/** Changes what is said about an object: same generation, next metageneration. */
export function patchObject(
  store: Store,
  target: Target,
  wanted: Wanted,
  patch: object,
): StoredObject | Refusal {
  return transaction(store.database, () => {
    const object = findWanted(store, target, wanted);
    if (isRefusal(object)) return object;
    const attributes = changed(object.attributes, patch);
    if (isRefusal(attributes)) return attributes;
    const metageneration = object.metageneration + 1;
    const patched = { ...object, attributes, metageneration, updated: store.clock().getTime() };
    store.objects.put(patched);
    return patched;
  });
}

/** Removes an object; who is reading it reads on. */
export function deleteObject(store: Store, target: Target, wanted: Wanted): StoredObject | Refusal {
  const object = transaction(store.database, () => {
    const found = findWanted(store, target, wanted);
    if (!isRefusal(found)) store.objects.remove(target.bucket, target.name);
    return found;
  });
  if (!isRefusal(object)) dropFile(store, object);
  return object;
}
