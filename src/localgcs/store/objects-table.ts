import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { Attributes } from '../attributes.ts';

/** One generation of an object; the only one, because an older one is gone once a newer is there. */
export interface StoredObject {
  readonly bucket: string;
  readonly name: string;
  /** Microseconds; grows with every write to the store. */
  readonly generation: number;
  readonly metageneration: number;
  readonly file: string;
  readonly size: number;
  readonly crc32c: string;
  /** Composites have none. */
  readonly md5: string | undefined;
  /** How many parts a composite was put together from. */
  readonly components: number | undefined;
  readonly attributes: Attributes;
  /** Unix milliseconds. */
  readonly created: number;
  readonly updated: number;
}

export interface Bucket {
  readonly name: string;
  readonly created: number;
}

export interface ObjectsTable {
  addBucket(name: string, created: number): void;
  bucket(name: string): Bucket | undefined;
  /** By name. */
  buckets(): Bucket[];
  find(bucket: string, name: string): StoredObject | undefined;
  put(object: StoredObject): void;
  remove(bucket: string, name: string): void;
  /** In the order of the names' UTF-8 bytes, from `from` on. */
  from(bucket: string, from: string): Iterable<StoredObject>;
  nextGeneration(now: number): number;
  files(): string[];
}

export function objectsTable(database: DatabaseSync): ObjectsTable {
  const addBucket = database.prepare('INSERT OR IGNORE INTO buckets VALUES (?, ?)');
  const bucket = database.prepare('SELECT * FROM buckets WHERE name = ?');
  const buckets = database.prepare('SELECT * FROM buckets ORDER BY name');
  const find = database.prepare('SELECT * FROM objects WHERE bucket = ? AND name = ?');
  const put = database.prepare(`INSERT OR REPLACE INTO objects VALUES (
    :bucket, :name, :generation, :metageneration, :file, :size, :crc32c, :md5, :components,
    :attributes, :created, :updated)`);
  const remove = database.prepare('DELETE FROM objects WHERE bucket = ? AND name = ?');
  const next = database.prepare('UPDATE generations SET last = max(last + 1, ?) RETURNING last');
  const files = database.prepare('SELECT file FROM objects');

  return {
    addBucket: (name, created) => void addBucket.run(name, created),
    bucket: (name) => bucket.get(name) as unknown as Bucket | undefined,
    buckets: () => buckets.all() as unknown as Bucket[],
    find: (inBucket, name) => {
      const row = find.get(inBucket, name);
      return row && read(row);
    },
    put: (object) => {
      const { md5 = null, components = null } = object;
      put.run({ ...object, md5, components, attributes: JSON.stringify(object.attributes) });
    },
    remove: (inBucket, name) => void remove.run(inBucket, name),
    // Prepared each time, so that two listings never share a cursor.
    *from(inBucket, from) {
      const rows = database.prepare('SELECT * FROM objects WHERE bucket = ? AND name >= ? ORDER BY name');
      for (const row of rows.iterate(inBucket, from)) yield read(row);
    },
    nextGeneration: (now) => Number(next.get(now * 1000)?.last),
    files: () => files.all().map((row) => String(row.file)),
  };
}

function read(row: Record<string, SQLOutputValue>): StoredObject {
  return {
    ...(row as unknown as StoredObject),
    md5: (row.md5 as string | null) ?? undefined,
    components: (row.components as number | null) ?? undefined,
    attributes: JSON.parse(String(row.attributes)),
  };
}
