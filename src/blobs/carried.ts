import type { Carried } from '../boot/asset/carried.ts';

/**
 * What an object's metadata says that an uploader may have added (Cloud Storage, "Object metadata"). Left out is what a bucket may
 * give each of its objects by itself and what changes no answer: the storage class, event-based holds, ACLs.
 */
export function carriedBy(metadata: object): Carried {
  const said = metadata as Readonly<Record<string, unknown>>;
  const { cacheControl, contentDisposition, contentEncoding, contentLanguage } = said;
  const { customTime, temporaryHold, customerEncryption, retention } = said;
  const all = {
    'cache-control': cacheControl,
    'content-disposition': contentDisposition,
    'content-encoding': contentEncoding,
    'content-language': contentLanguage,
    'x-goog-custom-time': customTime,
    'x-goog-encryption-algorithm': (customerEncryption as { encryptionAlgorithm?: string } | undefined)
      ?.encryptionAlgorithm,
    'x-goog-object-lock-mode': (retention as { mode?: string } | undefined)?.mode,
    'x-goog-temporary-hold': temporaryHold || undefined,
    ...Object.fromEntries(
      Object.entries(said.metadata ?? {}).map(([name, value]) => [
        `x-goog-meta-${name.toLowerCase()}`,
        value,
      ]),
    ),
  };
  const carried = Object.entries(all).filter(
    ([, value]) => value !== undefined && value !== null && value !== '',
  );
  return Object.fromEntries(carried.map(([name, value]) => [name, String(value)]));
}
