import { round } from '../statistics.ts';
import { prices } from './prices.ts';

/** What one boot makes, as the storm counts it. */
export interface PerBoot {
  /** Requests to the broker. */
  readonly requests: number;
  readonly firestoreReads: number;
  readonly firestoreWrites: number;
  /** Objects that are fetched from Cloud Storage. */
  readonly objectReads: number;
  /** Of the broker. */
  readonly cpuMs: number;
  /** Megabytes of the image. */
  readonly imageMb: number;
}

/** What stands there, whether or not anything boots. */
export interface Standing {
  /** Instances of Cloud Run that always wait. */
  readonly minInstances: number;
  readonly vcpus: number;
  readonly gib: number;
  readonly storedGb: number;
  /** The gateway's VM with its address. */
  readonly gateway: boolean;
}

export type Bill = Readonly<Record<string, number>>;

const monthSeconds = (365 / 12) * 86_400;
/** How long an instance is busy with a boot besides its processor time: it waits for stores and clients, several at once. */
const waitingFactor = 3;

/** What a month costs at so many boots, row by row, in dollars. The images do not pass through the broker: their egress is the gateway's. */
export function monthly(boots: number, each: PerBoot, standing: Standing): Bill {
  const { minInstances, vcpus, gib, storedGb, gateway } = standing;
  const busySeconds = (boots * each.cpuMs * waitingFactor) / 1000;
  const rows = {
    'instances that wait':
      minInstances * monthSeconds * (vcpus * prices.idleVcpuSecond + gib * prices.idleGibSecond),
    'instances at work': busySeconds * (vcpus * prices.vcpuSecond + gib * prices.gibSecond),
    requests: (boots * each.requests * prices.requestsMillion) / 1e6,
    'Firestore reads': (boots * each.firestoreReads * prices.firestoreReads100k) / 1e5,
    'Firestore writes': (boots * each.firestoreWrites * prices.firestoreWrites100k) / 1e5,
    'stored images': storedGb * prices.storedGbMonth,
    'objects read': (boots * each.objectReads * prices.objectReads10k) / 1e4,
    egress: ((boots * each.imageMb) / 1000) * prices.egressGb,
    'VM and address': gateway ? prices.vmMonth + prices.addressMonth : 0,
  };
  return withTotal(rows);
}

/**
 * The same images streamed through Cloud Run, as the design does that this one is measured against: an instance is busy for as
 * long as its slowest reader reads, and is paid for that long.
 */
export function streaming(
  boots: number,
  each: PerBoot & { readonly mbPerSecond: number },
  standing: Standing,
): Bill {
  const busyMs = (each.imageMb / each.mbPerSecond) * 1000;
  return monthly(boots, { ...each, cpuMs: each.cpuMs + busyMs / waitingFactor }, standing);
}

function withTotal(rows: Bill): Bill {
  const rounded = Object.entries(rows).map(([name, dollars]) => [name, round(dollars, 2)] as const);
  const total = Object.values(rows).reduce((sum, dollars) => sum + dollars, 0);
  return { ...Object.fromEntries(rounded), total: round(total, 2) };
}

/** The rows of the decision that the project began with, for its own case: 10 boots of 150 MB a month, 50 GB stored, `min` 1, 512 MiB. */
export const firstEstimate = {
  'Cloud Run': 3.5,
  'Cloud Storage': 1,
  Firestore: 0.5,
  egress: 0.18,
  total: 5.18,
} as const;
/** The same with an e2-micro in the place of Cloud Run. Its rows make 8.18 as it says, with 6.50 for the VM. */
export const firstEstimateOnVm = { ...firstEstimate, 'Cloud Run': 0, VM: 6.5, total: 8.18 } as const;

/** That case by today's prices, beside what was estimated. */
export function estimated(each: PerBoot): Readonly<Record<string, { estimate: number; now: number }>> {
  const own: Standing = { minInstances: 1, vcpus: 1, gib: 0.5, storedGb: 50, gateway: false };
  const bill = monthly(10, { ...each, imageMb: 150 }, own);
  const sum = (...names: string[]) =>
    round(
      names.reduce((all, name) => all + (bill[name] ?? 0), 0),
      2,
    );
  return {
    'Cloud Run': {
      estimate: firstEstimate['Cloud Run'],
      now: sum('instances that wait', 'instances at work', 'requests'),
    },
    'Cloud Storage': { estimate: firstEstimate['Cloud Storage'], now: sum('stored images', 'objects read') },
    Firestore: { estimate: firstEstimate.Firestore, now: sum('Firestore reads', 'Firestore writes') },
    egress: { estimate: firstEstimate.egress, now: sum('egress') },
    total: { estimate: firstEstimate.total, now: bill.total ?? 0 },
    'total with a VM instead': {
      estimate: firstEstimateOnVm.total,
      now: round(
        (bill.total ?? 0) - sum('instances that wait', 'instances at work', 'requests') + prices.vmMonth,
        2,
      ),
    },
  };
}
