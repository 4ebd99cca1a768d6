import type { Answer, Asking, NoAnswer } from './ask.ts';
import type { Storage } from './storage.ts';

/** Names below which only the checks write. */
export const probePrefix = 'doctor/';

/** Calls of the JSON API, with the broker's own token. */
export function objectsIn({ ask, endpoint, bucket, token }: Storage) {
  const call = async (path: string, asking: Asking = {}): Promise<Answer | NoAnswer> => {
    const headers = { ...asking.headers, authorization: `Bearer ${await token()}` };
    return ask(`${endpoint}${path}`, { ...asking, headers });
  };
  const place = (object: string) => `/storage/v1/b/${bucket}/o/${encodeURIComponent(object)}`;
  return {
    /** At most one, as the readiness probe does. */
    list: () => call(`/storage/v1/b/${bucket}/o?prefix=assets%2F&maxResults=1`),
    insert: (object: string, body: Buffer) =>
      call(
        `/upload/storage/v1/b/${bucket}/o?uploadType=media&ifGenerationMatch=0&name=${encodeURIComponent(object)}`,
        { method: 'POST', headers: { 'content-type': 'application/octet-stream' }, body },
      ),
    stat: (object: string) => call(place(object)),
    read: (object: string) => call(`${place(object)}?alt=media`),
    firstByte: (object: string) => call(`${place(object)}?alt=media`, { headers: { range: 'bytes=0-0' } }),
    remove: (object: string) => call(place(object), { method: 'DELETE' }),
  };
}
