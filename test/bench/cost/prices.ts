/** A list price in US dollars, and what of it is free each month. */
export interface Price {
  readonly usd: number;
  readonly per: string;
  /** Units of `per` that cost nothing in a month. */
  readonly free?: number;
  /** A page of cloud.google.com. */
  readonly source: string;
}

/** Region and month of the prices: list prices, without commitments. Look again before you rely on them. */
export const pricesOf = 'us-central1, not all read on their pages: look them up';

/** 365 days of 24 hours, by twelve. */
export const hoursAMonth = 730;
export const secondsAMonth = hoursAMonth * 3600;
export const daysAMonth = 365 / 12;

const run = 'run/pricing';
const firestore = 'firestore/pricing';
const storage = 'storage/pricing';
const network = 'vpc/network-pricing';
const compute = 'compute/vm-instance-pricing';

/** All that the cost model knows of money. Cloud Run is billed by request (CPU only while one is under way). */
export const prices = {
  cpuActive: { usd: 0.000024, per: 'vCPU-second', free: 180_000, source: run },
  cpuIdle: { usd: 0.0000025, per: 'vCPU-second of a minimum instance', source: run },
  memoryActive: { usd: 0.0000025, per: 'GiB-second', free: 360_000, source: run },
  memoryIdle: { usd: 0.0000025, per: 'GiB-second of a minimum instance', source: run },
  requests: { usd: 0.4 / 1e6, per: 'request', free: 2_000_000, source: run },
  documentReads: { usd: 0.03 / 1e5, per: 'document', free: 50_000 * daysAMonth, source: firestore },
  documentWrites: { usd: 0.09 / 1e5, per: 'document', free: 20_000 * daysAMonth, source: firestore },
  documentDeletes: { usd: 0.01 / 1e5, per: 'document (by age: never free)', source: firestore },
  stored: { usd: 0.02, per: 'GB and month', source: storage },
  objectReads: { usd: 0.0004 / 1000, per: 'GET of an object (class B)', source: storage },
  egressFirst: { usd: 0.12, per: 'GB to the internet, up to 1024', source: network },
  egressNext: { usd: 0.11, per: 'GB, up to 10240', source: network },
  egressRest: { usd: 0.08, per: 'GB beyond', source: network },
  address: { usd: 0.005, per: 'hour of an external IPv4 address in use', source: network },
  e2Micro: { usd: 0.00838, per: 'hour of an e2-micro', source: compute },
  e2Small: { usd: 0.01675, per: 'hour of an e2-small', source: compute },
  disk: { usd: 0.04, per: 'GB and month of a standard disk', source: compute },
} as const satisfies Readonly<Record<string, Price>>;
