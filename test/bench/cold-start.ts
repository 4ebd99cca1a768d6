import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { Lane } from './lanes.ts';
import { median, round, spread } from './statistics.ts';
import type { Workshop } from './workshop.ts';

/** A server, how it is started, and what is asked of it. */
interface Start {
  readonly entry: string;
  readonly env: Lane['settings'];
  readonly asset: string;
  readonly ms: number[];
}

/**
 * From starting node to the first 302, in ms: the boot plane in its lanes, and a bare server of node:http, by turns, all with
 * a warm compile cache. Then where the time goes, step by step.
 */
export async function measureColdStart(
  { folder }: Workshop,
  lanes: Readonly<Record<string, Lane>>,
  rounds: number,
) {
  const common = {
    NODE_COMPILE_CACHE: join(folder, 'compile-cache'),
    BROKER_LISTEN: '127.0.0.1:0',
    BROKER_STORAGE_LISTEN: '127.0.0.1:0',
  };
  const bare: Start = { entry: local('./cold-bare.ts'), env: common, asset: '/', ms: [] };
  const brokers = Object.entries(lanes).map(([name, { settings, asset }]): [string, Start] => [
    name,
    { entry: local('../../src/main.ts'), env: { ...settings, ...common }, asset, ms: [] },
  ]);
  for (let turn = -2; turn < rounds; turn += 1)
    for (const start of [bare, ...brokers.map(([, start]) => start)]) {
      const took = await firstRedirect(start);
      if (turn >= 0) start.ms.push(took);
    }
  const stages: Record<string, Readonly<Record<string, number>>> = {};
  for (const [name, start] of brokers) stages[name] = await stagesOf(start);
  return {
    cold_start_ms: {
      'bare node:http': { ...spread(bare.ms), to_bare: 1 },
      ...Object.fromEntries(
        brokers.map(([name, { ms }]) => [
          name,
          { ...spread(ms), to_bare: round(median(ms) / median(bare.ms), 2) },
        ]),
      ),
    },
    cold_start_stages_ms: stages,
  };
}

/** Starts a server, asks it as soon as it listens, and ends it in order, so that it leaves its compile cache behind. */
async function firstRedirect({ entry, env, asset }: Start): Promise<number> {
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

/** Medians by step. */
async function stagesOf({ env, asset }: Start): Promise<Readonly<Record<string, number>>> {
  const runs: [what: string, ms: number][][] = [];
  for (let turn = 0; turn < 9; turn += 1) {
    const options = { env: { ...env, BROKER_LOG_LEVEL: 'silent' } };
    const run = await promisify(execFile)(process.execPath, [local('./cold-stages.ts'), asset], options);
    runs.push(JSON.parse(run.stdout));
  }
  const [names = []] = runs;
  return Object.fromEntries(
    names.map(([what], n) => [what, round(median(runs.map((run) => run[n]?.[1] ?? Number.NaN)))]),
  );
}

const local = (entry: string) => new URL(entry, import.meta.url).pathname;
