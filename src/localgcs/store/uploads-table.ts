import type { DatabaseSync } from 'node:sqlite';
import type { Attributes } from '../attributes.ts';
import type { Expected } from '../digest.ts';
import type { Preconditions } from '../preconditions.ts';
import type { StoredObject } from './objects-table.ts';

/** What was said when a resumable upload was started. */
export interface UploadStart {
  readonly bucket: string;
  readonly name: string;
  readonly attributes: Attributes;
  readonly preconditions: Preconditions;
  readonly expected: Expected;
  /** The exact size in bytes, when it was announced. */
  readonly size?: number;
}

export interface Upload {
  readonly id: string;
  readonly start: UploadStart;
  readonly file: string;
  /** Bytes that are on the disk for certain. */
  readonly persisted: number;
  /** Unix milliseconds. */
  readonly created: number;
  /** What it became, once finished. */
  readonly object: StoredObject | undefined;
}

export interface UploadsTable {
  add(upload: Omit<Upload, 'persisted' | 'object'>): void;
  find(id: string): Upload | undefined;
  persisted(id: string, bytes: number): void;
  finish(id: string, object: StoredObject): void;
  remove(id: string): void;
  startedBefore(time: number): Upload[];
  /** Files of unfinished uploads. */
  files(): string[];
}

type Row = {
  id: string;
  start: string;
  file: string;
  persisted: number;
  created: number;
  object: string | null;
};

export function uploadsTable(database: DatabaseSync): UploadsTable {
  const add = database.prepare('INSERT INTO uploads VALUES (?, ?, ?, 0, ?, NULL)');
  const find = database.prepare('SELECT * FROM uploads WHERE id = ?');
  const persisted = database.prepare('UPDATE uploads SET persisted = ? WHERE id = ?');
  const finish = database.prepare('UPDATE uploads SET object = ? WHERE id = ?');
  const remove = database.prepare('DELETE FROM uploads WHERE id = ?');
  const before = database.prepare('SELECT * FROM uploads WHERE created < ?');
  const files = database.prepare('SELECT file FROM uploads WHERE object IS NULL');
  return {
    add: ({ id, start, file, created }) => void add.run(id, JSON.stringify(start), file, created),
    find: (id) => {
      const row = find.get(id);
      return row && read(row as unknown as Row);
    },
    persisted: (id, bytes) => void persisted.run(bytes, id),
    finish: (id, object) => void finish.run(JSON.stringify(object), id),
    remove: (id) => void remove.run(id),
    startedBefore: (time) => before.all(time).map((row) => read(row as unknown as Row)),
    files: () => files.all().map((row) => String(row.file)),
  };
}

function read({ start, object, ...row }: Row): Upload {
  return { ...row, start: JSON.parse(start), object: object === null ? undefined : JSON.parse(object) };
}
