import { type StatsFs, statfsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';

/** What is left of a disk. Bytes. */
export interface Disk {
  readonly size: number;
  readonly free: number;
}

const mib = 1024 ** 2;

/**
 * The log of commits lies beside the file until it is taken over, which it is at this size, in pages: the longer it may grow, the
 * more often what was written again and again is taken over once.
 */
export function logPages(disk: Disk): number {
  return reserveOf(disk) < 64 * mib ? 256 : 4096;
}

/**
 * What boots leave free, whatever happens: an administrator revokes, rolls back and deletes with it. A twentieth of the disk, but
 * no more than 256 MiB; and no less than the logs of both databases may take.
 */
export function reserveOf({ size }: Disk): number {
  return Math.max(6 * mib, Math.min(256 * mib, size / 20));
}

/** How many pages the file may have, now that it has so many. */
export function mostPages(disk: Disk, { pages, pageSize }: { pages: number; pageSize: number }): number {
  return pages + Math.max(0, Math.floor((disk.free - reserveOf(disk)) / pageSize));
}

/** Whether there is room for what administrators do, and for more boots. */
export function isFull(disk: Disk): boolean {
  return disk.free < reserveOf(disk);
}

/** Reads the disk that the file lies on. */
export async function diskOf(file: string): Promise<Disk> {
  return diskIn(await statfs(dirname(file)));
}

/** The same for a thread that may wait. */
export function diskOfSync(file: string): Disk {
  return diskIn(statfsSync(dirname(file)));
}

function diskIn({ blocks, bavail, bsize }: StatsFs): Disk {
  return { size: blocks * bsize, free: bavail * bsize };
}

/** Lets the log grow as far as the disk is good for. */
export function setLog(database: DatabaseSync, disk: Disk): void {
  const pages = logPages(disk);
  database.exec(`PRAGMA wal_autocheckpoint = ${pages}; PRAGMA journal_size_limit = ${pages * 4096}`);
}

/** Gives the file what room there is now. */
export function setRoom(database: DatabaseSync, disk: Disk): void {
  const one = (pragma: string) => Number(Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0]);
  const most = mostPages(disk, { pages: one('page_count'), pageSize: one('page_size') });
  database.exec(`PRAGMA max_page_count = ${Math.max(1, most)}`);
}
