import { closeSync } from 'node:fs';
import type { Attributes } from './attributes.ts';
import { findWanted, type Wanted } from './change-object.ts';
import { commit } from './commit.ts';
import { badTarget, type Target } from './find-object.ts';
import { openBytes } from './open-bytes.ts';
import type { Preconditions } from './preconditions.ts';
import { isRefusal, type Refusal } from './refusal.ts';
import type { StoredObject } from './store/objects-table.ts';
import type { Store } from './store/store.ts';

export interface Destination {
  readonly target: Target;
  /** Undefined: the source's. */
  readonly attributes: Attributes | undefined;
  readonly preconditions: Preconditions;
}

/** Copies an object at once, whatever its size: its bytes never change, so they need no second place. */
export async function copyObject(
  store: Store,
  source: Target & Wanted,
  destination: Destination,
): Promise<StoredObject | Refusal> {
  const object = badTarget(store, destination.target) ?? findWanted(store, source, source);
  if (isRefusal(object)) return object;
  const fd = openBytes(store, object);
  if (isRefusal(fd)) return fd;
  closeSync(fd);
  const content = { ...object, file: await store.files.alias(object.file) };
  try {
    const attributes = destination.attributes ?? object.attributes;
    const copy = commit(store, destination.target, { content, attributes }, destination.preconditions);
    if (isRefusal(copy)) await store.files.remove(content.file);
    return copy;
  } catch (error) {
    await store.files.remove(content.file);
    throw error;
  }
}
