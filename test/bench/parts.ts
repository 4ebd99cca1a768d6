import { measureCost } from './cost/cost.ts';
import { measureFirstByte } from './first-byte/first-byte.ts';
import { type Lane, openLanes } from './lanes.ts';
import type { Program } from './needs.ts';
import { measureRates } from './rates/rates.ts';
import { measureRedirects } from './redirects.ts';
import { openScene, type Scene } from './scene.ts';
import { measureSeeds } from './seeds/seeds.ts';
import { measureColdStart } from './start/cold-start.ts';
import { measureCommandLine } from './start/command-line.ts';
import { measureStorm, type StormOptions } from './storm/storm.ts';
import { measureMemory } from './streams/memory.ts';
import { measureThroughput } from './streams/throughput.ts';
import type { Workshop } from './workshop.ts';

/** One thing that is measured. */
interface Part {
  readonly says: string;
  /** Programs. */
  readonly needs: readonly Program[];
  /** Not measured unless somebody says so. */
  readonly isLong?: true;
  /** Tables by their titles. */
  readonly measure: (workshop: Workshop, all: boolean) => Promise<Readonly<Record<string, object>>>;
}

const few = { machines: 1_000, stores: 'embedded', arrivalSeconds: 10 } as const;
/** Ten thousand within ten seconds are more than one core boots. The emulator is asked more gently, for it is no Firestore. */
const allStorms: readonly StormOptions[] = [
  few,
  { ...few, machines: 10_000, arrivalSeconds: 100 },
  { ...few, known: 99_000 },
  { ...few, stores: 'gcp', arrivalSeconds: 60 },
  { ...few, stores: 'gcp', arrivalSeconds: 60, known: 99_000 },
  { ...few, stores: 'gcp', arrivalSeconds: 300, machines: 10_000 },
];

let scene: Promise<Scene> | undefined;
function sceneOf(workshop: Workshop): Promise<Scene> {
  scene ??= openScene(workshop);
  return scene;
}

let lanes: Promise<Readonly<Record<string, Lane>>> | undefined;
function lanesOf(workshop: Workshop): Promise<Readonly<Record<string, Lane>>> {
  lanes ??= openLanes(workshop);
  return lanes;
}

export const parts: Readonly<Record<string, Part>> = {
  rates: {
    says: 'requests a second on one core, beside node:http, Koa, nginx and Matchbox',
    needs: ['wrk', 'nginx', 'taskset'],
    measure: (workshop, all) =>
      measureRates(workshop, { connections: all ? [1, 64, 512] : [64], seconds: 3, rounds: 3 }),
  },
  streams: {
    says: 'throughput of streams, handoffs and the cache, and memory, beside nginx',
    needs: ['wrk', 'nginx', 'curl'],
    async measure(workshop) {
      const there = await sceneOf(workshop);
      return { ...(await measureThroughput(workshop, there)), stream_memory: await measureMemory(there) };
    },
  },
  'first-byte': {
    says: 'time to the first byte, and to a redirect',
    needs: ['nginx', 'java', 'gcloud'],
    async measure(workshop) {
      return {
        ...(await measureFirstByte(workshop, 300)),
        redirect_in_server_ms: await measureRedirects(workshop, await lanesOf(workshop), 1000),
      };
    },
  },
  start: {
    says: 'from starting to the first answer, with either stores and with OTel on; the command line',
    needs: ['java', 'gcloud'],
    async measure(workshop) {
      const starts = await measureColdStart(workshop, await lanesOf(workshop), 15);
      return { ...starts, command_line_ms: await measureCommandLine(workshop, 15) };
    },
  },
  cost: {
    says: 'dollars a month, beside the design that streams (with --all, or by its name)',
    needs: ['taskset', 'java', 'gcloud'],
    isLong: true,
    measure: measureCost,
  },
  seeds: {
    says: 'the numbers of the documents that the project was made from, with pass or fail',
    needs: ['taskset', 'java', 'gcloud'],
    measure: async (workshop) => measureSeeds(workshop, await lanesOf(workshop)),
  },
  storm: {
    says: 'machines that all come up at once, with what they really ask',
    needs: ['taskset'],
    measure: (workshop, all) => measureStorm(workshop, all ? allStorms : allStorms.slice(0, 1)),
  },
};
