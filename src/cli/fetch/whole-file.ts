import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { Failure } from '../verb/failure.ts';

/** Writes a file that is there whole or not at all. */
export function writeWhole(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, text);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new Failure(
      'usage',
      `${path} cannot be written (${(error as NodeJS.ErrnoException).code}); name another file`,
    );
  }
}
