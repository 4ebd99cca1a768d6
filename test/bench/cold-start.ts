import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { push, startBroker } from '../support/broker.ts';
import { median, round, spread } from './statistics.ts';
import type { Workshop } from './workshop.ts';

const asset = '/assets/k:1:x86_64/kernel';

/**
 * From starting node to the first 302, in ms: the boot plane alone with its embedded storage, and a bare server of node:http,
 * by turns, both with a warm compile cache. Then where the time goes, step by step.
 */
export async function measureColdStart({ folder }: Workshop, rounds: number) {
  const data = join(folder, 'cold');
  const broker = await startBroker({ settings: { BROKER_DATA_DIR: data } });
  await push(broker, { kind: 'kernel', name: 'k', bytes: Buffer.from('kernel') });
  await broker.close();
  const env = {
    NODE_COMPILE_CACHE: join(folder, 'compile-cache'),
    BROKER_ROLES: 'boot',
    BROKER_DATA_DIR: data,
    BROKER_LISTEN: '127.0.0.1:0',
    BROKER_STORAGE_LISTEN: '127.0.0.1:0',
  };
  const lanes = {
    bare: { entry: local('./cold-bare.ts'), ms: [] as number[] },
    broker: { entry: local('../../src/main.ts'), ms: [] as number[] },
  };
  for (let turn = -2; turn < rounds; turn += 1)
    for (const { entry, ms } of Object.values(lanes)) {
      const took = await firstRedirect(entry, env);
      if (turn >= 0) ms.push(took);
    }
  const steps = Array.from({ length: 9 }, () => stagesOf({ ...env, BROKER_LOG_LEVEL: 'silent' }));
  const [names = []] = steps;
  return {
    cold_start_ms: { 'bare node:http': spread(lanes.bare.ms), broker: spread(lanes.broker.ms) },
    cold_start_to_bare: round(median(lanes.broker.ms) / median(lanes.bare.ms), 2),
    cold_start_stages_ms: Object.fromEntries(
      names.map(([what], n) => [what, round(median(steps.map((stages) => stages[n]?.[1] ?? Number.NaN)))]),
    ),
  };
}

/** Starts a server, asks it as soon as it listens, and ends it in order, so that it leaves its compile cache behind. */
async function firstRedirect(entry: string, env: NodeJS.ProcessEnv): Promise<number> {
  const began = performance.now();
  const child = spawn(process.execPath, [entry], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const listening = Promise.withResolvers<number>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { listener, port } = JSON.parse(line);
    if (listener === 'boot') listening.resolve(port);
  });
  void ended.then(([code]) => listening.reject(new Error(`${entry} ended with ${code}`)));
  const status = await ask(await listening.promise);
  const took = performance.now() - began;
  if (status !== 302) throw new Error(`${entry} answered ${status}`);
  child.kill('SIGTERM');
  await ended;
  return took;
}

function ask(port: number): Promise<number | undefined> {
  const asking = {
    host: '127.0.0.1',
    port,
    path: asset,
    agent: false,
    headers: { 'User-Agent': 'curl/8.0' },
  };
  return new Promise((resolve, reject) => {
    get(asking, (response) => resolve(response.resume().statusCode)).on('error', reject);
  });
}

function stagesOf(env: NodeJS.ProcessEnv): [what: string, ms: number][] {
  return JSON.parse(execFileSync(process.execPath, [local('./cold-stages.ts'), asset], { env }).toString());
}

const local = (entry: string) => new URL(entry, import.meta.url).pathname;
