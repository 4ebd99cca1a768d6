import type { AddressInfo } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import type { LocalgcsOptions } from './options.ts';
import { serve } from './server.ts';
import type { Served } from './tell-served.ts';

/** Said once, when requests are taken. Told anything at all, the worker stops serving and ends. */
export interface Listening {
  readonly address: AddressInfo;
}

/** Said at most once a second: how many connections were turned away since, by reason. */
export interface TurnedAway {
  readonly turned: Readonly<Record<string, number>>;
}

/** Said at most every quarter of a second: which requests that read are over. */
export interface HasServed {
  readonly served: readonly Served[];
}

/** What is told at once; those beyond it are nobody's news. */
const mostServed = 256;
let served: Served[] = [];
const tellServed = () => {
  parentPort?.postMessage({ served } satisfies HasServed);
  served = [];
};
const onServed = (one: Served) => {
  if (served.length === 0) setTimeout(tellServed, 250).unref();
  if (served.length < mostServed) served.push(one);
};

let turned: Record<string, number> = {};
const tell = () => {
  parentPort?.postMessage({ turned } satisfies TurnedAway);
  turned = {};
};
const onTurned = (why: string) => {
  if (Object.keys(turned).length === 0) setTimeout(tell, 1_000).unref();
  turned[why] = (turned[why] ?? 0) + 1;
};

const running = await serve(workerData as LocalgcsOptions, () => new Date(), { onTurned, onServed });
parentPort?.postMessage({ address: running.address } satisfies Listening);
parentPort?.once('message', () => {
  running.close().catch((error: unknown) => {
    throw error;
  });
});
