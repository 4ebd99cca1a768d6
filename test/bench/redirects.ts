import { startChild } from '../support/child.ts';
import { ask } from '../support/http.ts';
import type { Lane } from './lanes.ts';
import { quantile, round } from './statistics.ts';
import type { Workshop } from './workshop.ts';

/** So many come first and do not count. */
const warmUp = 200;

/**
 * What a redirect takes in the server, in ms, by its own log: from the request to the answer's head. One client after the
 * other, each on a connection of its own. Whatever is known for five seconds is asked for again in between: that is in p99.
 */
export async function measureRedirects(
  workshop: Workshop,
  lanes: Readonly<Record<string, Lane>>,
  requests: number,
) {
  const table: Record<string, { p50: number; p99: number }> = {};
  for (const [name, { settings, asset }] of Object.entries(lanes)) {
    const broker = await startChild(workshop, { env: settings });
    const { boot } = await broker.ready;
    for (let n = 0; n < warmUp + requests; n += 1) await ask(boot, asset, { userAgent: 'iPXE/2.0.0' });
    broker.kill('SIGTERM');
    await broker.ended;
    const times = broker
      .lines()
      .filter(({ status, plan }) => status === 302 && plan === 'redirect')
      .map(({ first_byte_ms }) => Number(first_byte_ms))
      .slice(warmUp);
    if (times.length !== requests) throw new Error(`${name}: ${times.length} redirects of ${requests}`);
    table[name] = { p50: round(quantile(times, 0.5), 3), p99: round(quantile(times, 0.99), 3) };
  }
  return table;
}
