import { createReadStream } from 'node:fs';
import { findWanted, type Wanted } from './change-object.ts';
import { commit, dropFile } from './commit.ts';
import type { Destination } from './copy.ts';
import { badTarget, type Target } from './find-object.ts';
import { openBytes } from './open-bytes.ts';
import { isRefusal, type Refusal, refuse } from './refusal.ts';
import type { Draft } from './store/files.ts';
import type { StoredObject } from './store/objects-table.ts';
import type { Store } from './store/store.ts';

/** Cloud Storage, "Composite objects". */
const MOST_SOURCES = 32;

export interface Composition extends Destination {
  readonly sources: readonly (Target & Wanted)[];
  readonly deleteSources: boolean;
}

/** Puts objects together, in order, into one that has no MD5. */
export async function composeObjects(store: Store, wanted: Composition): Promise<StoredObject | Refusal> {
  const { sources, target } = wanted;
  if (sources.length < 1 || sources.length > MOST_SOURCES)
    return refuse('InvalidArgument', `A composite has 1 to ${MOST_SOURCES} sources, not ${sources.length}.`);
  const refusal = badTarget(store, target);
  if (refusal) return refusal;
  const parts: StoredObject[] = [];
  for (const source of sources) {
    const part = findWanted(store, source, source);
    if (isRefusal(part)) return part;
    parts.push(part);
  }

  // Opened at once, so that it is these generations that are read to their end.
  const opened = parts.map((part) => openBytes(store, part));
  const streams = opened.flatMap((fd) => (isRefusal(fd) ? [] : createReadStream('', { fd })));
  try {
    const lost = opened.find(isRefusal);
    if (lost) return lost;
    const draft = await store.files.draft(store.files.newName(), 0);
    try {
      for (const stream of streams) for await (const chunk of stream) await draft.append(chunk);
      const object = await finish(store, wanted, parts, draft);
      if (isRefusal(object)) await draft.discard();
      return object;
    } catch (error) {
      await draft.discard();
      throw error;
    }
  } finally {
    for (const stream of streams) stream.destroy();
  }
}

async function finish(store: Store, wanted: Composition, parts: StoredObject[], draft: Draft) {
  const { target, preconditions, attributes = {}, deleteSources } = wanted;
  const { crc32c } = await draft.seal();
  const components = parts.reduce((sum, part) => sum + (part.components ?? 1), 0);
  const content = { file: draft.file, size: draft.size, crc32c, md5: undefined, components };
  const gone: StoredObject[] = [];
  const object = commit(store, target, { content, attributes }, preconditions, () => {
    if (!deleteSources) return;
    for (const { bucket, name, generation } of parts) {
      const now = store.objects.find(bucket, name);
      if (now?.generation !== generation) continue;
      store.objects.remove(bucket, name);
      gone.push(now);
    }
  });
  if (!isRefusal(object)) for (const part of gone) dropFile(store, part);
  return object;
}
