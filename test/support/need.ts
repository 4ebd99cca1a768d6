import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Something that the machine may lack: `missing()` names it, or is undefined when it is there. */
export interface Need {
  missing(): string | undefined;
}

/** The test runs network namespaces or taps. */
export const root: Need = {
  missing: () => (process.getuid?.() === 0 ? undefined : 'root'),
};

/** A program on the PATH. */
export function command(name: string): Need {
  const found = (dir: string) => {
    try {
      accessSync(join(dir, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  };
  const dirs = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return { missing: () => (dirs.some(found) ? undefined : `the command ${name}`) };
}

/** A file that a package brings, such as a firmware image. */
export function file(path: string): Need {
  return { missing: () => (existsSync(path) ? undefined : path) };
}
