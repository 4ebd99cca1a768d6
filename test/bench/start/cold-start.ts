import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Lane } from '../lanes.ts';
import { median, round, spread } from '../statistics.ts';
import type { Workshop } from '../workshop.ts';
import { firstRedirect, main, type Start } from './first-redirect.ts';

interface Measured extends Start {
  readonly ms: number[];
}

/**
 * From starting node to the first 302, in ms: the boot plane in its lanes, and a bare server of node:http, by turns, all with
 * a warm compile cache. Then where the time goes, step by step.
 */
export async function measureColdStart(
  { folder, fork }: Workshop,
  lanes: Readonly<Record<string, Lane>>,
  rounds: number,
) {
  const common = {
    NODE_COMPILE_CACHE: join(folder, 'compile-cache'),
    BROKER_LISTEN: '127.0.0.1:0',
    BROKER_STORAGE_LISTEN: '127.0.0.1:0',
  };
  const bare: Measured = { entry: local('./cold-bare.ts'), env: common, asset: '/', ms: [] };
  // It takes whatever it is sent, and keeps nothing.
  const receiver = await fork(local('./swallow.ts'), {});
  const traced = Object.entries(lanes)
    .filter(([name]) => name !== 'gcp, hmac')
    .map(([name, lane]): [string, Lane] => [
      `${name}, with OTel`,
      { ...lane, settings: { ...lane.settings, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.origin } },
    ]);
  const brokers = [...Object.entries(lanes), ...traced].map(
    ([name, { settings, asset }]): [string, Measured] => [
      name,
      { entry: main, env: { ...settings, ...common }, asset, ms: [] },
    ],
  );
  for (let turn = -2; turn < rounds; turn += 1)
    for (const start of [bare, ...brokers.map(([, start]) => start)]) {
      const took = await firstRedirect(start);
      if (turn >= 0) start.ms.push(took);
    }
  await receiver.stop();
  const stages: Record<string, Readonly<Record<string, number>>> = {};
  for (const [name, start] of brokers.slice(0, Object.keys(lanes).length))
    stages[name] = await stagesOf(start);
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
