import { randomBytes } from 'node:crypto';
import { commit } from './commit.ts';
import type { ContentRange } from './content-range.ts';
import { type Expected, mismatch } from './digest.ts';
import { badTarget } from './find-object.ts';
import { createTurns } from './one-at-a-time.ts';
import { unmetByWriter } from './preconditions.ts';
import { isRefusal, type Refusal, refuse } from './refusal.ts';
import type { Draft } from './store/files.ts';
import type { StoredObject } from './store/objects-table.ts';
import type { Store } from './store/store.ts';
import type { Upload, UploadStart } from './store/uploads-table.ts';

const HOUR = 3600 * 1000;
/** A session is good for a week, then 410 for another, then forgotten (Cloud Storage, "Resumable uploads"). */
const WEEK = 7 * 24 * HOUR;

/** The body of a PUT. `stop` breaks it off. */
export interface Incoming {
  readonly chunks: AsyncIterable<Uint8Array>;
  stop(): void;
}

/** How a PUT ended: it is an object now, or `stored` bytes are there and more are wanted. */
export type Progress = { readonly object: StoredObject } | { readonly stored: number };

/** Resumable uploads. A session's id is all that is needed to go on with it. */
export interface Sessions {
  start(start: UploadStart): string | Refusal;
  find(id: string): Upload | Refusal;
  /** Stores what has not been stored before; whatever came before a break is kept. */
  receive(id: string, range: ContentRange, body: Incoming, expected: Expected): Promise<Progress | Refusal>;
  cancel(id: string): Promise<Refusal | undefined>;
  /** Drops what nobody finished in time and closes what nobody has touched for an hour. */
  sweep(): Promise<void>;
  /** Waits until nobody is busy, so that what came is kept. */
  close(): Promise<void>;
}

export function openSessions(store: Store): Sessions {
  const { files, uploads } = store;
  const now = () => store.clock().getTime();
  const turns = createTurns();
  /** Kept open between the chunks of an upload, because a digest cannot be stored. */
  const open = new Map<string, { draft: Draft; used: number }>();

  const find = (id: string): Upload | Refusal => {
    const upload = uploads.find(id);
    if (!upload || upload.created < now() - 2 * WEEK) return refuse('NoSuchUpload');
    return upload.created < now() - WEEK ? refuse('UploadExpired') : upload;
  };

  const draftOf = async ({ id, file, persisted }: Upload): Promise<Draft> => {
    const draft = open.get(id)?.draft ?? (await files.draft(file, persisted));
    open.set(id, { draft, used: now() });
    return draft;
  };

  const close = async (id: string) => {
    await open.get(id)?.draft.close();
    open.delete(id);
  };

  const drop = async ({ id, file }: Upload) => {
    await close(id);
    // The file first: on a full disk the index has no room for a change until it is gone.
    await files.remove(file);
    uploads.remove(id);
  };

  const keep = async (id: string, draft: Draft) => {
    await draft.flush();
    uploads.persisted(id, draft.size);
  };

  const finish = async (upload: Upload, draft: Draft, expected: Expected): Promise<Progress | Refusal> => {
    const { id, start, file } = upload;
    open.delete(id);
    const checksums = await draft.seal();
    const content = { file, size: draft.size, ...checksums, components: undefined };
    const { attributes, preconditions } = start;
    const target = { bucket: start.bucket, name: start.name };
    const object =
      mismatch(checksums, start.expected, expected) ??
      commit(store, target, { content, attributes }, preconditions, (done) => uploads.finish(id, done));
    if (!isRefusal(object)) return { object };
    await drop(upload);
    return object;
  };

  const append = async (draft: Draft, start: number, limit: number, chunks: AsyncIterable<Uint8Array>) => {
    let position = start;
    for await (const chunk of chunks) {
      if (position + chunk.length > limit)
        return refuse('InvalidArgument', `The body goes on behind byte ${limit}, where it should end.`);
      // What is stored already is not stored again.
      const fresh = chunk.subarray(Math.max(0, draft.size - position));
      if (fresh.length > 0) await draft.append(fresh);
      position += chunk.length;
    }
    return position;
  };

  const take = async (upload: Upload, range: ContentRange, body: Incoming, expected: Expected) => {
    const announced = upload.start.size;
    const reach = range.total ?? (range.asks ? 0 : (range.end ?? 0));
    if (announced !== undefined && (range.total === undefined ? reach > announced : reach !== announced))
      return refuse('InvalidArgument', `The upload was announced with ${announced} bytes, not ${reach}.`);

    const draft = await draftOf(upload);
    // With all of it stored, this is how a client says the total that it did not know before.
    if (range.asks && range.total === draft.size) return await finish(upload, draft, expected);
    if (range.asks) {
      await keep(upload.id, draft);
      return { stored: draft.size };
    }
    if (range.start > draft.size)
      return refuse('InvalidArgument', `Byte ${range.start} cannot come yet: ${draft.size} are stored.`);

    const limit = range.end ?? announced ?? Number.POSITIVE_INFINITY;
    let position: number | Refusal;
    try {
      position = await append(draft, range.start, limit, body.chunks);
    } finally {
      await keep(upload.id, draft);
    }
    if (isRefusal(position)) return position;
    const total = range.total ?? announced ?? (range.end === undefined ? position : undefined);
    return draft.size === total ? await finish(upload, draft, expected) : { stored: draft.size };
  };

  return {
    find,
    start: (start) => {
      const current = store.objects.find(start.bucket, start.name);
      const refusal = badTarget(store, start) ?? unmetByWriter(start.preconditions, current);
      if (refusal) return refusal;
      const id = randomBytes(32).toString('base64url');
      uploads.add({ id, start, file: files.newName(), created: now() });
      return id;
    },
    receive: (id, range, body, expected) =>
      turns.take(id, body.stop, async () => {
        const upload = find(id);
        if (isRefusal(upload)) return upload;
        return upload.object ? { object: upload.object } : await take(upload, range, body, expected);
      }),
    cancel: (id) =>
      turns.take(
        id,
        () => {},
        async () => {
          const upload = find(id);
          if (isRefusal(upload)) return upload;
          if (!upload.object) await drop(upload);
          return undefined;
        },
      ),
    sweep: async () => {
      for (const [id, { used }] of open) if (used < now() - HOUR && !turns.taken(id)) await close(id);
      for (const upload of uploads.startedBefore(now() - WEEK)) {
        if (turns.taken(upload.id)) continue;
        await close(upload.id);
        if (!upload.object) await files.remove(upload.file);
        if (upload.created < now() - 2 * WEEK) uploads.remove(upload.id);
      }
    },
    close: async () => {
      await turns.idle();
      for (const id of [...open.keys()]) await close(id);
    },
  };
}
