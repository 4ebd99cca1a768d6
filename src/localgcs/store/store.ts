import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { makeFolder } from '../../folder.ts';
import { openDatabase } from './database.ts';
import { type Files, openFiles } from './files.ts';
import { type ObjectsTable, objectsTable } from './objects-table.ts';
import { type UploadsTable, uploadsTable } from './uploads-table.ts';

/** Everything that lasts: the bytes as files, and the index that says which file is which object. */
export interface Store {
  readonly files: Files;
  readonly database: DatabaseSync;
  readonly objects: ObjectsTable;
  readonly uploads: UploadsTable;
  readonly clock: () => Date;
}

/**
 * A file counts from the moment that the index names it, and never before. So whatever a crash left behind is a
 * file without a name in the index, and is removed here.
 */
export async function openStore(
  dataDir: string,
  buckets: readonly string[],
  clock: () => Date,
): Promise<Store> {
  makeFolder(dataDir);
  const database = openDatabase(join(dataDir, 'index.sqlite'));
  const files = await openFiles(join(dataDir, 'files'));
  const objects = objectsTable(database);
  const uploads = uploadsTable(database);
  for (const bucket of buckets) objects.addBucket(bucket, clock().getTime());
  files.removeAllBut(new Set([...objects.files(), ...uploads.files()]));
  return { files, database, objects, uploads, clock };
}
