/**
 * What Google asks for in us-central1, in dollars, without free quotas, as its pages of prices had it in 2026: Cloud Run (request-based
 * billing, tier 1), Firestore (Standard edition), Cloud Storage (Standard class), VPC (premium tier to North America, addresses in
 * use), Compute Engine (e2-micro, on demand).
 */
export const prices = {
  vcpuSecond: 0.000024,
  gibSecond: 0.0000025,
  /** An instance that waits, as `min` keeps it. */
  idleVcpuSecond: 0.0000025,
  idleGibSecond: 0.0000025,
  requestsMillion: 0.4,
  firestoreReads100k: 0.03,
  firestoreWrites100k: 0.09,
  storedGbMonth: 0.02,
  /** Class B operations: reads of objects. */
  objectReads10k: 0.004,
  egressGb: 0.12,
  vmMonth: 6.11,
  addressMonth: 3.65,
} as const;
