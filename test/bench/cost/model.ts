import { hoursAMonth, type Price, prices, secondsAMonth } from './prices.ts';

/** Dollars a month, by what they are for. */
export type Bill = Readonly<Record<string, number>>;

/** What one boot asks for, as it was counted. */
export interface BootCounts {
  /** At the broker. */
  readonly requests: number;
  readonly documentsRead: number;
  readonly documentsWritten: number;
  /** Of Cloud Storage. */
  readonly objectReads: number;
}

export function costOf(units: number, { usd, free = 0 }: Price): number {
  return Math.max(0, units - free) * usd;
}

export interface CloudRun {
  readonly minInstances: number;
  readonly cpus: number;
  readonly memoryGib: number;
  readonly requests: number;
  /** Instances that have a request under way, seconds of all of them together. */
  readonly activeSeconds: number;
}

/** A service of Cloud Run. What is free covers time with requests alone: nothing says that it covers idle instances. */
export function cloudRun({ minInstances, cpus, memoryGib, requests, activeSeconds }: CloudRun): number {
  const idle = Math.max(0, minInstances * secondsAMonth - activeSeconds);
  return (
    costOf(activeSeconds * cpus, prices.cpuActive) +
    costOf(activeSeconds * memoryGib, prices.memoryActive) +
    costOf(idle * cpus, prices.cpuIdle) +
    costOf(idle * memoryGib, prices.memoryIdle) +
    costOf(requests, prices.requests)
  );
}

/**
 * How long instances are busy in a month, all together, if so many requests of so many seconds each come at random, and an
 * instance takes so many at once: the share of time in which one or more are under way (M/G/infinity), or whole instances.
 */
export function activeSeconds(requests: number, secondsEach: number, atOnce: number): number {
  const underWay = (requests * secondsEach) / secondsAMonth;
  return secondsAMonth * Math.max(1 - Math.exp(-underWay), underWay / atOnce);
}

/** Bytes to the internet, in GB a month. */
export function egress(gigabytes: number): number {
  const first = Math.min(gigabytes, 1024);
  const next = Math.min(Math.max(0, gigabytes - 1024), 9216);
  const rest = Math.max(0, gigabytes - 10_240);
  return first * prices.egressFirst.usd + next * prices.egressNext.usd + rest * prices.egressRest.usd;
}

/** A machine that is always there, with its disk and an address of its own or none. */
export function vm(hour: Price, diskGb: number): number {
  return hour.usd * hoursAMonth + diskGb * prices.disk.usd;
}

export const address = () => prices.address.usd * hoursAMonth;

export function firestore(boots: number, { documentsRead, documentsWritten }: BootCounts): number {
  return (
    costOf(boots * documentsRead, prices.documentReads) +
    costOf(boots * documentsWritten, prices.documentWrites) +
    costOf(boots, prices.documentDeletes) // each boot's record goes when it is old
  );
}

export function total(bill: Bill): number {
  return Object.values(bill).reduce((sum, dollars) => sum + dollars, 0);
}
