import type { Bucket, StoredObject } from './store/objects-table.ts';

/** Changes with every write of the bytes and of what is said about them. */
export const etagOf = ({ generation, metageneration }: StoredObject) =>
  Buffer.from(`${generation}/${metageneration}`).toString('base64');

/** An object as the JSON API shows it (Cloud Storage, "Objects", resource representations). */
export function objectResource(object: StoredObject, origin: string): Record<string, unknown> {
  const { bucket, name, generation, metageneration, size, crc32c, md5, components, attributes } = object;
  const link = `/b/${encodeURIComponent(bucket)}/o/${encodeURIComponent(name)}`;
  const created = new Date(object.created).toISOString();
  return {
    kind: 'storage#object',
    id: `${bucket}/${name}/${generation}`,
    selfLink: `${origin}/storage/v1${link}`,
    mediaLink: `${origin}/download/storage/v1${link}?generation=${generation}&alt=media`,
    bucket,
    name,
    generation: String(generation),
    metageneration: String(metageneration),
    ...attributes,
    storageClass: 'STANDARD',
    size: String(size),
    crc32c,
    ...(md5 !== undefined && { md5Hash: md5 }),
    ...(components !== undefined && { componentCount: components }),
    etag: etagOf(object),
    timeCreated: created,
    updated: new Date(object.updated).toISOString(),
    timeStorageClassUpdated: created,
    timeFinalized: created,
  };
}

const PLACE = { location: 'LOCAL', locationType: 'region' };

/** How a bucket is laid out, as the JSON API shows it. */
export function layoutResource({ name }: Bucket): Record<string, unknown> {
  return { kind: 'storage#storageLayout', bucket: name, ...PLACE, hierarchicalNamespace: { enabled: false } };
}

/** A bucket as the JSON API shows it. */
export function bucketResource({ name, created }: Bucket, origin: string): Record<string, unknown> {
  const timeCreated = new Date(created).toISOString();
  return {
    kind: 'storage#bucket',
    id: name,
    selfLink: `${origin}/storage/v1/b/${name}`,
    name,
    metageneration: '1',
    ...PLACE,
    storageClass: 'STANDARD',
    iamConfiguration: { uniformBucketLevelAccess: { enabled: true } },
    timeCreated,
    updated: timeCreated,
  };
}
