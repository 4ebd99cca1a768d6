import { statfs } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import Gauge from 'prom-client/lib/gauge.js';
import type Registry from 'prom-client/lib/registry.js';
import manifest from '../../../package.json' with { type: 'json' };
import { type Counted, counted } from './counted.ts';

/** A disk that takes longer, of a file server that is away, is left out. */
const patienceMs = 1_000;

export interface ProcessMetrics {
  readonly droppedLines: Counted;
}

/** What is known of this program, and of the disks that it writes to: `disks` are folders on them, each by its name. */
export function processMetrics(registry: Registry, disks: Readonly<Record<string, string>>): ProcessMetrics {
  const registers = [registry];
  new Gauge({
    name: 'bootbroker_build_info',
    help: 'Which version runs, on which Node.js: always 1',
    labelNames: ['version', 'node_version'],
    registers,
  }).set({ version: manifest.version, node_version: process.version }, 1);
  const size = new Gauge({
    name: 'bootbroker_disk_size_bytes',
    help: 'Size of the disk that the embedded records or storage lie on',
    labelNames: ['disk'],
    registers,
  });
  const free: Gauge<'disk'> = new Gauge({
    name: 'bootbroker_disk_free_bytes',
    help: 'What is left of it for the broker',
    labelNames: ['disk'],
    registers,
    async collect() {
      free.reset();
      const looks = Object.entries(disks).map(async ([disk, folder]) => {
        const { blocks, bavail, bsize } = await statfs(folder);
        size.set({ disk }, blocks * bsize);
        free.set({ disk }, bavail * bsize);
      });
      await Promise.race([Promise.allSettled(looks), sleep(patienceMs, undefined, { ref: false })]);
    },
  });
  return {
    droppedLines: counted(registry, {
      name: 'bootbroker_log_lines_dropped_total',
      help: 'Lines of the log that were dropped because nobody read standard output',
    }),
  };
}

/** Node.js itself. Loaded when somebody asks first: the package as a whole loads more than everything else that a boot needs. */
export async function nodeMetrics(registry: Registry): Promise<void> {
  const collectors = await Promise.all([
    import('prom-client/lib/metrics/eventLoopLag.js'),
    import('prom-client/lib/metrics/gc.js'),
    import('prom-client/lib/metrics/heapSizeAndUsed.js'),
    import('prom-client/lib/metrics/osMemoryHeap.js'),
    import('prom-client/lib/metrics/processCpuTotal.js'),
    import('prom-client/lib/metrics/processMaxFileDescriptors.js'),
    import('prom-client/lib/metrics/processOpenFileDescriptors.js'),
    import('prom-client/lib/metrics/processStartTime.js'),
  ]);
  for (const { default: collect } of collectors) collect(registry, { eventLoopMonitoringPrecision: 10 });
}
