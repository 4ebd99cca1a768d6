import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The broker's program. */
export const main = join(import.meta.dirname, '../../../src/main.ts');

/** A server, how it is started, and what is asked of it. */
export interface Start {
  readonly entry: string;
  readonly env: Readonly<Record<string, string>>;
  readonly asset: string;
}

/** Starts a server, asks it as soon as it listens, and ends it in order, so that it leaves its compile cache behind: ms to the first 302. */
export async function firstRedirect({ entry, env, asset }: Start): Promise<number> {
  const began = performance.now();
  const child = spawn(process.execPath, [entry], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const listening = Promise.withResolvers<number>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { listener, port } = JSON.parse(line);
    if (listener === 'boot') listening.resolve(port);
  });
  void ended.then(([code]) => listening.reject(new Error(`${entry} ended with ${code}`)));
  const status = await ask(await listening.promise, asset);
  const took = performance.now() - began;
  if (status !== 302) throw new Error(`${entry} answered ${status}`);
  child.kill('SIGTERM');
  await ended;
  return took;
}

function ask(port: number, path: string): Promise<number | undefined> {
  const asking = {
    host: '127.0.0.1',
    port,
    path,
    agent: false,
    headers: { 'User-Agent': 'curl/8.0' },
  };
  return new Promise((resolve, reject) => {
    get(asking, (response) => resolve(response.resume().statusCode)).on('error', reject);
  });
}
