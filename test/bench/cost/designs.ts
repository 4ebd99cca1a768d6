import {
  activeSeconds,
  address,
  type Bill,
  type BootCounts,
  cloudRun,
  costOf,
  egress,
  firestore,
  vm,
} from './model.ts';
import { prices } from './prices.ts';

/** What is booted in a month. */
export interface Load {
  readonly boots: number;
  /** Of a boot's images, in GB. */
  readonly gigabytesEach: number;
  readonly storedGb: number;
  /** What the machines of a site have in common, fetched by its own cache once, in GB a month. */
  readonly distinctGb: number;
}

/** Cloud Run bills no less of a request (100 ms), and a decision takes less. */
const decisionSeconds = 0.1;
/** 150 MB at 100 Mbit/s: so long an instance is busy that streams them. */
const streamSeconds = 12;
/** What the ADR's design lets an instance do at once. */
const streamsAtOnce = 10;
const decisionsAtOnce = 80;

/** The VM of the tunnel's end, which each of the designs needs. */
const gateway = (): Bill => ({ 'tunnel VM': vm(prices.e2Micro, 10), address: address() });
const images = ({ storedGb }: Load): Bill => ({ 'images stored': storedGb * prices.stored.usd });

/** Decisions on Cloud Run, bytes straight from Cloud Storage. */
export function redirecting(load: Load, counts: BootCounts): Bill {
  const requests = load.boots * counts.requests;
  return {
    'cloud run': cloudRun({
      minInstances: 1,
      cpus: 1,
      memoryGib: 0.5,
      requests,
      activeSeconds: activeSeconds(requests, decisionSeconds, decisionsAtOnce),
    }),
    ...gateway(),
    ...images(load),
    'image GETs': costOf(load.boots * counts.objectReads, prices.objectReads),
    firestore: firestore(load.boots, counts),
    egress: egress(load.boots * load.gigabytesEach),
  };
}

/** The same with the gateway's cache on the machines' site. */
export function cachedOnSite(load: Load, counts: BootCounts): Bill {
  const gets = (load.distinctGb / load.gigabytesEach) * counts.objectReads;
  return {
    ...redirecting(load, counts),
    'image GETs': costOf(gets, prices.objectReads),
    egress: egress(Math.min(load.distinctGb, load.boots * load.gigabytesEach)),
  };
}

/** The ADR's design: every byte passes an instance of Cloud Run, which looks a boot up and writes nothing about it. */
export function streaming(load: Load): Bill {
  return {
    'cloud run': cloudRun({
      minInstances: 1,
      cpus: 1,
      memoryGib: 0.5,
      requests: load.boots * 3,
      activeSeconds: activeSeconds(load.boots, streamSeconds, streamsAtOnce),
    }),
    ...gateway(),
    ...images(load),
    'image GETs': costOf(load.boots * 2, prices.objectReads),
    firestore: firestore(load.boots, {
      requests: 3,
      documentsRead: 2,
      documentsWritten: 0,
      objectReads: 2,
    }),
    egress: egress(load.boots * load.gigabytesEach),
  };
}

/** All of it on one VM, which is the tunnel's end as well: embedded records and storage. */
export function onOneVm(load: Load): Bill {
  return {
    vm: vm(prices.e2Small, 10 + load.storedGb),
    address: address(),
    egress: egress(load.boots * load.gigabytesEach),
  };
}
