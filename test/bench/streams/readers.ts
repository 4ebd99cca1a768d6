import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { processorTime } from '../cores.ts';
import { firmware } from '../fetch.ts';

/** Something that is read, and the process that hands it out. */
export interface Source {
  readonly pid: number;
  readonly url: string;
}

export interface Flow {
  readonly mbPerSecond: number;
  /** Seconds of processor time of the process for a GB. */
  readonly cpuPerGb: number;
}

const script = `
function done(summary)
  local e = summary.errors
  io.write(string.format('\\n{"bytes":%d,"microseconds":%d,"failed":%d}',
    summary.bytes, summary.duration, e.connect + e.read + e.write + e.status))
end
`;

/** So many clients read it as fast as they can, again and again, over kept connections: by wrk, which discards the bytes. */
export async function readBy(
  clients: number,
  { pid, url }: Source,
  { seconds, folder }: { readonly seconds: number; readonly folder: string },
): Promise<Flow> {
  const lua = join(folder, 'read.lua');
  writeFileSync(lua, script);
  const before = processorTime(pid);
  const { stdout } = await promisify(execFile)('wrk', [
    ...['-t1', `-c${clients}`, `-d${seconds}s`, '--timeout', '60s', '-s', lua],
    ...['-H', `User-Agent: ${firmware}`, url],
  ]);
  const { bytes, microseconds, failed } = JSON.parse(stdout.slice(stdout.lastIndexOf('\n{')));
  if (failed > 0 || bytes === 0) throw new Error(`${url}: ${failed} clients failed, ${bytes} bytes came`);
  const cpuSeconds = (processorTime(pid) - before) / 1e6;
  return { mbPerSecond: bytes / microseconds, cpuPerGb: cpuSeconds / (bytes / 1e9) };
}
