import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder, and those above it, for their owner alone; one that is there stays as it is. Throws what the system says.
 * Node's own `recursive` (26.10) never returns where the system lets nobody make anything, as below /proc.
 */
export function makeFolder(path: string): void {
  try {
    make(path);
  } catch (error) {
    const above = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || above === path) throw error;
    makeFolder(above);
    make(path);
  }
}

function make(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const there = (error as NodeJS.ErrnoException).code === 'EEXIST' && statSync(path).isDirectory();
    if (!there) throw error;
  }
}
