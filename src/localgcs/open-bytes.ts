import { closeSync, fstatSync } from 'node:fs';
import { type Refusal, refuse } from './refusal.ts';
import type { StoredObject } from './store/objects-table.ts';
import type { Store } from './store/store.ts';

/** The file is not there. */
const MISSING = ['ENOENT', 'ENOTDIR'];
/** It is there, but its bytes do not come. */
const UNREADABLE = ['EACCES', 'EPERM', 'EIO', 'EISDIR', 'ELOOP', 'EUCLEAN', 'EBADMSG'];

/**
 * A descriptor of an object's bytes, which outlives the file's name; or why they cannot be had. What is missing is 404, which no
 * client tries again; what is there but wrong or unreadable is 500, which may be over once the disk is.
 */
export function openBytes(store: Store, object: StoredObject): number | Refusal {
  let fd: number;
  try {
    fd = store.files.open(object.file);
  } catch (error) {
    const refusal = lostBytes(error, object);
    if (refusal) return refusal;
    throw error;
  }
  const stat = fstatSync(fd);
  if (stat.isFile() && stat.size === object.size) return fd;
  closeSync(fd);
  const is = stat.isFile() ? `has ${stat.size} bytes instead of ${object.size}` : 'is no file';
  return damaged(object, is);
}

/** Why an object's bytes cannot be had, if that is what a fault says. */
export function lostBytes(error: unknown, object: StoredObject): Refusal | undefined {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (MISSING.includes(code))
    return refuse(
      'NoSuchKey',
      `The bytes of ${named(object)} are gone: files/${object.file} is missing. ${advice}`,
    );
  return UNREADABLE.includes(code) ? damaged(object, `cannot be read (${code})`) : undefined;
}

const advice = 'Restore it from a backup, or upload the object once more.';
const named = ({ bucket, name }: StoredObject) => `${bucket}/${name}`;

function damaged(object: StoredObject, how: string): Refusal {
  return refuse(
    'DamagedObject',
    `The bytes of ${named(object)} are damaged: files/${object.file} ${how}. ${advice}`,
  );
}
