import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Another process gives the machine the content of that revision again; resolves with the new revision's id when it is written. */
export async function rolledBackBy(
  store: readonly string[],
  machineId: string,
  revisionId: string,
): Promise<string> {
  const script = fileURLToPath(new URL('roll-back.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, machineId, revisionId, ...store]);
  return stdout.trim();
}
