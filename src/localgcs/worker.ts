import type { AddressInfo } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import type { LocalgcsOptions } from './options.ts';
import { serve } from './server.ts';

/** Said once, when requests are taken. Told anything at all, the worker stops serving and ends. */
export interface Listening {
  readonly address: AddressInfo;
}

/** Said at most once a second: how many connections were turned away since, by reason. */
export interface TurnedAway {
  readonly turned: Readonly<Record<string, number>>;
}

let turned: Record<string, number> = {};
const tell = () => {
  parentPort?.postMessage({ turned } satisfies TurnedAway);
  turned = {};
};
const onTurned = (why: string) => {
  if (Object.keys(turned).length === 0) setTimeout(tell, 1_000).unref();
  turned[why] = (turned[why] ?? 0) + 1;
};

const running = await serve(workerData as LocalgcsOptions, () => new Date(), onTurned);
parentPort?.postMessage({ address: running.address } satisfies Listening);
parentPort?.once('message', () => {
  running.close().catch((error: unknown) => {
    throw error;
  });
});
