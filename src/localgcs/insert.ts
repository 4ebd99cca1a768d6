import type { Attributes } from './attributes.ts';
import { commit } from './commit.ts';
import type { Checksums } from './digest.ts';
import { badTarget, type Target } from './find-object.ts';
import { type Preconditions, unmetByWriter } from './preconditions.ts';
import { isRefusal, type Refusal } from './refusal.ts';
import type { StoredObject } from './store/objects-table.ts';
import type { Store } from './store/store.ts';

export interface Insertion {
  readonly attributes: Attributes;
  readonly preconditions: Preconditions;
  /** Whether the bytes are the expected ones; asked once the last one is there. */
  check(checksums: Checksums): Refusal | undefined;
}

/** Writes an object in one go. A body that breaks off throws and leaves nothing. */
export async function insert(
  store: Store,
  target: Target,
  body: AsyncIterable<Uint8Array>,
  { attributes, preconditions, check }: Insertion,
): Promise<StoredObject | Refusal> {
  const refusal =
    badTarget(store, target) ?? unmetByWriter(preconditions, store.objects.find(target.bucket, target.name));
  if (refusal) return refusal;

  const draft = await store.files.draft(store.files.newName(), 0);
  try {
    for await (const chunk of body) await draft.append(chunk);
    const checksums = await draft.seal();
    const content = { file: draft.file, size: draft.size, ...checksums, components: undefined };
    const object = check(checksums) ?? commit(store, target, { content, attributes }, preconditions);
    if (isRefusal(object)) await draft.discard();
    return object;
  } catch (error) {
    await draft.discard();
    throw error;
  }
}
