import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { googleCloud, type Settings, type SignerName } from '../google/cloud.ts';
import { warmEmulator } from '../google/emulator.ts';
import { openSite, stockByApi } from '../google/site.ts';
import { median, round, spread } from './statistics.ts';
import type { Workshop } from './workshop.ts';

/** A way to run the broker. */
interface Lane {
  readonly entry: string;
  readonly env: Settings;
  /** What is asked for: the kernel of a machine's profile. */
  readonly asset: string;
  readonly ms: number[];
}

/**
 * From starting node to the first 302, in ms: the boot plane alone, embedded and on Google Cloud's services, and a bare server of
 * node:http, by turns, all with a warm compile cache. Then where the time goes, step by step.
 */
export async function measureColdStart(workshop: Workshop, rounds: number) {
  const emulator = await warmEmulator();
  const onCloud = async (signer: SignerName) =>
    brokerLane(workshop, (await googleCloud(workshop, emulator.host)).settings(signer));
  const brokers = {
    embedded: await brokerLane(workshop, { BROKER_DATA_DIR: join(workshop.folder, 'cold') }),
    'gcp, hmac': await onCloud('hmac'),
    'gcp, iam': await onCloud('iam'),
  };
  const bare: Lane = { ...brokers.embedded, entry: local('./cold-bare.ts'), ms: [] };
  for (let turn = -2; turn < rounds; turn += 1)
    for (const lane of [bare, ...Object.values(brokers)]) {
      const took = await firstRedirect(lane);
      if (turn >= 0) lane.ms.push(took);
    }
  const stages: Record<string, Readonly<Record<string, number>>> = {};
  for (const [name, lane] of Object.entries(brokers)) stages[name] = await stagesOf(lane);
  await emulator.kill();
  return {
    cold_start_ms: {
      'bare node:http': { ...spread(bare.ms), to_bare: 1 },
      ...Object.fromEntries(
        Object.entries(brokers).map(([name, { ms }]) => [
          name,
          { ...spread(ms), to_bare: round(median(ms) / median(bare.ms), 2) },
        ]),
      ),
    },
    cold_start_stages_ms: stages,
  };
}

/** A broker of all roles takes the machine and its profile; those that are measured have the boot role. */
async function brokerLane(workshop: Workshop, settings: Settings): Promise<Lane> {
  const site = await openSite(workshop, { BROKER_ADMIN_TOKEN: 'the-token-of-the-benchmark', ...settings });
  const { machine, revision } = await stockByApi(site);
  site.broker.kill('SIGTERM');
  await site.broker.ended;
  const env = {
    ...settings,
    NODE_COMPILE_CACHE: join(workshop.folder, 'compile-cache'),
    BROKER_ROLES: 'boot',
    BROKER_LISTEN: '127.0.0.1:0',
    BROKER_STORAGE_LISTEN: '127.0.0.1:0',
  };
  const asset = `/asset/${revision.id}/kernel?machine=${machine.id}`;
  return { entry: local('../../src/main.ts'), env, asset, ms: [] };
}

/** Starts a server, asks it as soon as it listens, and ends it in order, so that it leaves its compile cache behind. */
async function firstRedirect({ entry, env, asset }: Lane): Promise<number> {
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
async function stagesOf({ env, asset }: Lane): Promise<Readonly<Record<string, number>>> {
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
