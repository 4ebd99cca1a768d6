import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loadingCore, processorTime } from '../cores.ts';
import type { Load, Rate } from '../rates/wrk.ts';
import { quantile } from '../statistics.ts';
import type { Generated, GeneratorOptions } from './generator.ts';

/** Loads a server with our own generator, in a process of its own: at a fixed rate, or where wrk cannot (it waits for bodies of HEAD). */
export async function generated(
  folder: string,
  { port, pid, targets, method = 'GET', userAgent = '', status }: Load,
  { connections, seconds, rate }: Pick<GeneratorOptions, 'connections' | 'seconds' | 'rate'>,
): Promise<Rate> {
  const list = join(folder, 'generated-targets');
  writeFileSync(list, targets.join('\n'));
  const options: GeneratorOptions = {
    ...{ port, connections, rate, seconds, method, userAgent, status },
    targets: list,
  };
  const before = processorTime(pid);
  const { stdout } = await promisify(execFile)(
    'taskset',
    [
      '--cpu-list',
      String(loadingCore),
      process.execPath,
      join(import.meta.dirname, 'generator.ts'),
      JSON.stringify(options),
    ],
    { maxBuffer: 2 ** 28 },
  );
  const found: Generated = JSON.parse(stdout);
  if (found.wrong > 0)
    throw new Error(`of ${found.requests} answers by port ${port} ${found.wrong} were no ${status}`);
  if (found.requests === 0) throw new Error(`port ${port} answered nothing in ${seconds} s`);
  return {
    rate: found.requests / found.seconds,
    p50: quantile(found.latencies, 0.5),
    p99: quantile(found.latencies, 0.99),
    cpu: (processorTime(pid) - before) / found.requests,
  };
}
