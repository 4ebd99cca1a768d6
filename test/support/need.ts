import { spawnSync } from 'node:child_process';
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

/** Where Python looks for modules besides its own places. PYTHONPATH itself would break gcloud, which is Python, too. */
export const pythonPath = process.env.BROKER_TEST_PYTHONPATH ?? process.env.PYTHONPATH ?? '';

/** A module of Python's, which `python3` finds. */
export function pythonModule(name: string): Need {
  const env = { ...process.env, PYTHONPATH: pythonPath };
  const { status } = spawnSync('python3', ['-c', `import ${name}`], { stdio: 'ignore', env });
  return { missing: () => (status === 0 ? undefined : `the module ${name} for python3`) };
}

/** A file that a package brings, such as a firmware image. */
export function file(path: string): Need {
  return { missing: () => (existsSync(path) ? undefined : path) };
}
