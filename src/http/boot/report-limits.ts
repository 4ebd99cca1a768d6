import { type Refusal, refuse } from '../../boot/problem.ts';
import { sourceGroup } from '../../boot/source-group.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { machineRate, openRate } from './rate.ts';

/** How fast reports may come; who is refused is told when to try again. */
export interface ReportLimits {
  ofSource(address: string): Refusal | undefined;
  ofMachine(id: string): Refusal | undefined;
}

/**
 * Each report is written to the disk before it is answered, so their number has a bound: of one machine, and of one source, which may be
 * a whole site behind one address that comes up after a power cut.
 */
export function reportLimits(
  perSource: number,
  { reportsRefused }: Pick<Metrics, 'reportsRefused'>,
): ReportLimits {
  const sources = openRate({ perSecond: perSource, burst: perSource });
  const machines = openRate(machineRate);
  const refusal = (by: 'machine' | 'source', detail: string, seconds: number) => {
    if (seconds === 0) return undefined;
    reportsRefused.inc({ by });
    return refuse('too-many-reports', detail, { 'Retry-After': String(Math.ceil(seconds)) });
  };
  return {
    ofSource: (address) =>
      refusal(
        'source',
        `More than ${perSource} reports a second came from this address (BROKER_REPORTS_PER_SOURCE).`,
        sources(sourceGroup(address)),
      ),
    ofMachine: (id) =>
      refusal('machine', 'This machine reports more than once a second, over time.', machines(id)),
  };
}
