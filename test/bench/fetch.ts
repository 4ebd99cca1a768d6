import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';

/** What firmware calls itself; the broker streams to it. */
export const firmware = 'UefiHttpBoot/1.0';

const quiet = ['--silent', '--show-error', '--fail', '--user-agent', firmware];

/** Fetches with curl, which discards the bytes. MB/s from opening the connection to the last byte. */
export async function fetchRate(url: string, size: number): Promise<number> {
  const { stdout } = await promisify(execFile)('curl', [
    ...quiet,
    '--output',
    '/dev/null',
    '--write-out',
    '%{size_download} %{time_total}',
    url,
  ]);
  const [bytes = 0, seconds = 0] = stdout.split(' ').map(Number);
  if (bytes !== size) throw new Error(`${url} gave ${bytes} of ${size} bytes`);
  return bytes / seconds / 1e6;
}

/** SHA-256 of what curl fetches, in hex. */
export async function fetchHash(url: string): Promise<string> {
  const hash = createHash('sha256');
  const child = spawn('curl', [...quiet, url], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const chunk of child.stdout) hash.update(chunk);
  return hash.digest('hex');
}
