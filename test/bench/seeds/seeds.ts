import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from '../../support/child.ts';
import { ask } from '../../support/http.ts';
import { firmware } from '../fetch.ts';
import { firstByte } from '../first-byte/ask.ts';
import type { Lane } from '../lanes.ts';
import { openRoom } from '../room.ts';
import { firstRedirect, main } from '../start/first-redirect.ts';
import { quantile, round } from '../statistics.ts';
import type { Workshop } from '../workshop.ts';

const machines = 200;
const starts = 5;
const ipxe = 'iPXE/2.0.0';
/** An instance that waits, as `min` keeps it on Cloud Run, has been there for a while. */
const waitedMs = 1000;

/**
 * The numbers of the documents that the project was made from, as a table with pass or fail: 100 ms to the first byte of a script,
 * a kernel and an initrd, 50 ms to look up machine and profile, 100 ms to the first answer of an instance that waits. Each machine
 * is one that nobody has asked for before. What a start takes, which no number allows for, stands beside.
 */
export async function measureSeeds(workshop: Workshop, lanes: Readonly<Record<string, Lane>>) {
  const stores = { embedded: lanes.embedded, gcp: lanes['gcp, iam'] } as const;
  const seeds: Record<string, object> = {};
  for (const [name, lane] of Object.entries(stores)) {
    if (!lane) throw new Error('the lanes have other names');
    const rows = {
      ...(await bytesAndLookups(workshop, name as keyof typeof stores)),
      ...(await answers(workshop, lane)),
    };
    for (const [what, row] of Object.entries(rows)) seeds[`${what}, ${name}`] = row;
  }
  return { seeds };
}

async function bytesAndLookups(workshop: Workshop, stores: 'embedded' | 'gcp') {
  const room = await openRoom(workshop, { name: `seeds-${stores}`, machines, stores });
  const origin = `http://127.0.0.1:${room.boot}`;
  const took: Record<string, number[]> = { script: [], kernel: [], initrd: [], streamed: [] };
  const time = async (name: string, asked: Parameters<typeof firstByte>[0]) =>
    void took[name]?.push(await firstByte(asked));
  for (const { mac } of room.machines) {
    const target = `/boot.ipxe?mac=${mac}&arch=x86_64&platform=efi&version=2.0.0`;
    await time('script', { url: origin + target, userAgent: ipxe, status: 200 });
    const { text } = await ask(room.boot, target, { userAgent: ipxe });
    const [kernel = '', initrd = ''] = [...text.matchAll(/^(?:kernel|initrd) --name \S+ (\S+)/gm)].map(
      ([, url]) => url,
    );
    await time('kernel', { url: origin + kernel, userAgent: ipxe, status: 302, follow: true });
    await time('initrd', { url: origin + initrd, userAgent: ipxe, status: 302, follow: true });
    await time('streamed', { url: origin + kernel, userAgent: firmware, status: 200 });
  }
  const { sum } = await room.metrics();
  await room.stop();
  const lookups = (series: string, more = {}) =>
    ['findMachine', 'profile', 'rulebook']
      .map((operation) =>
        sum(`bootbroker_operation_duration_seconds_${series}`, { store: 'records', operation, ...more }),
      )
      .reduce((left, right) => left + right, 0);
  const within = lookups('bucket', { le: '0.05' }) / lookups('count');
  return {
    'first byte of a script': judged(took.script, 100),
    'first byte of a kernel, redirected': judged(took.kernel, 100),
    'first byte of an initrd, redirected': judged(took.initrd, 100),
    'first byte of a kernel, streamed': judged(took.streamed, 100),
    'looking up machine and profile': {
      limit_ms: 50,
      mean_ms: round((lookups('sum') / lookups('count')) * 1000, 2),
      within_limit: round(within, 3),
      verdict: verdict(within >= 0.99),
    },
  };
}

/** As an image has it: with its compile cache. */
const started = ({ folder }: Workshop, settings: Lane['settings']) => ({
  ...settings,
  NODE_COMPILE_CACHE: join(folder, 'compile-cache'),
  BROKER_LISTEN: '127.0.0.1:0',
  BROKER_STORAGE_LISTEN: '127.0.0.1:0',
});

async function answers(workshop: Workshop, { settings, asset }: Lane) {
  const warm: number[] = [];
  const cold: number[] = [];
  for (let n = 0; n < starts; n += 1) {
    cold.push(await firstRedirect({ entry: main, env: started(workshop, settings), asset }));
    const broker = await startChild(workshop, { env: started(workshop, settings) });
    const { boot } = await broker.ready;
    await sleep(waitedMs);
    warm.push(await firstByte({ url: `http://127.0.0.1:${boot}${asset}`, userAgent: ipxe, status: 302 }));
    broker.kill('SIGTERM');
    await broker.ended;
  }
  const { p50, p99: most } = judged(warm, 100);
  return {
    'first answer of an instance that waits': { limit_ms: 100, p50, most, verdict: verdict(most < 100) },
    'start to first answer': { p50: round(quantile(cold, 0.5), 1), most: round(quantile(cold, 1), 1) },
  };
}

/** Of a hundred, 99 have to be within the limit. */
function judged(took: readonly number[] = [], limit: number) {
  const [p50, p99] = [round(quantile(took, 0.5), 2), round(quantile(took, 0.99), 2)];
  return { limit_ms: limit, p50, p99, verdict: verdict(p99 < limit) };
}

const verdict = (isGood: boolean) => (isGood ? 'pass' : 'FAIL');
