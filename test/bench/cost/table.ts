import { estimated, monthly, type PerBoot, type Standing, streaming } from './cost.ts';

/** Boots a day. */
const scales = [20, 1_000, 50_000];

/** Counted by the storm with warm records (requests, objects, processor time), and by the gcp drivers' tests (reads, writes). */
const counted: PerBoot = {
  requests: 6,
  firestoreReads: 6,
  firestoreWrites: 5,
  objectReads: 2,
  cpuMs: 5,
  imageMb: 150,
};
/** How fast a machine reads that is streamed to, over a tunnel. */
const mbPerSecond = 12.5;
const redirecting: Standing = { minInstances: 1, vcpus: 1, gib: 0.5, storedGb: 50, gateway: true };

/** Dollars a month, beside the same images streamed through Cloud Run; and the project's first estimate. */
export function costTables() {
  const dollars_a_month = Object.fromEntries(
    scales.flatMap((daily) => {
      const boots = (daily * 365) / 12;
      return [
        [`${daily} boots a day, redirected`, monthly(boots, counted, redirecting)],
        [`${daily} boots a day, streamed`, streaming(boots, { ...counted, mbPerSecond }, redirecting)],
      ];
    }),
  );
  return { dollars_a_month, first_estimate: estimated(counted) };
}
