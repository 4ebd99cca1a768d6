import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadingCore } from '../cores.ts';
import { quantile, round } from '../statistics.ts';
import type { Workshop } from '../workshop.ts';
import type { OpenLoop } from './open-loop.ts';
import type { Load } from './wrk.ts';

const connections = 512;
const warmUpSeconds = 2;

/** How long answers take when requests come at a fixed rate, whatever becomes of the others: by each server, one after the other. */
export async function measureArrivals(
  workshop: Workshop,
  lanes: Readonly<Record<string, Load | undefined>>,
  perSecond: number,
  seconds: number,
) {
  const table: Record<string, object> = {};
  for (const [name, lane] of Object.entries(lanes)) {
    if (!lane) continue;
    const { port, userAgent = '', status } = lane;
    const targets = join(workshop.folder, 'arriving');
    writeFileSync(targets, `${lane.targets.join('\n')}\n`);
    const common = { port, targets, userAgent, status, connections, perSecond };
    await arriving(workshop, { ...common, from: 0, seconds: warmUpSeconds });
    const took = await arriving(workshop, { ...common, from: warmUpSeconds * perSecond, seconds });
    table[name] = {
      per_second: Math.round(perSecond),
      p50_ms: round(quantile(took, 0.5), 2),
      p99_ms: round(quantile(took, 0.99), 2),
      max_ms: round(quantile(took, 1), 1),
    };
  }
  return table;
}

async function arriving({ result }: Workshop, options: OpenLoop): Promise<readonly number[]> {
  const entry = join(import.meta.dirname, 'open-loop-process.ts');
  return result(entry, { ...options, from: Math.round(options.from) }, loadingCore);
}
