import type { Carried } from '../boot/asset/carried.ts';

/** What of an object's resource says what it carries (Cloud Storage, "Objects"). */
export interface CarryingResource {
  readonly cacheControl?: string | null | undefined;
  readonly contentDisposition?: string | null | undefined;
  readonly contentEncoding?: string | null | undefined;
  readonly contentLanguage?: string | null | undefined;
  readonly customTime?: string | null | undefined;
  readonly temporaryHold?: boolean | string | null | undefined;
  readonly customerEncryption?: { readonly encryptionAlgorithm?: string | undefined } | null | undefined;
  readonly retention?: { readonly mode?: string | undefined } | null | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | null | undefined;
}

/**
 * What an object's metadata says that an uploader may have added. Left out is what a bucket may give each of its objects by itself
 * and what changes no answer: the storage class, event-based holds, ACLs.
 */
export function carriedBy(resource: CarryingResource): Carried {
  const custom = Object.entries(resource.metadata ?? {});
  const all = {
    'cache-control': resource.cacheControl,
    'content-disposition': resource.contentDisposition,
    'content-encoding': resource.contentEncoding,
    'content-language': resource.contentLanguage,
    'x-goog-custom-time': resource.customTime,
    'x-goog-encryption-algorithm': resource.customerEncryption?.encryptionAlgorithm,
    'x-goog-object-lock-mode': resource.retention?.mode,
    'x-goog-temporary-hold': resource.temporaryHold || undefined,
    ...Object.fromEntries(custom.map(([name, value]) => [`x-goog-meta-${name.toLowerCase()}`, value])),
  };
  const carried = Object.entries(all).filter(
    ([, value]) => value !== undefined && value !== null && value !== '',
  );
  return Object.fromEntries(carried.map(([name, value]) => [name, String(value)]));
}
