import type { AddressInfo } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import type { LocalgcsOptions } from './options.ts';
import { serve } from './server.ts';

/** Said once, when requests are taken. Told anything at all, the worker stops serving and ends. */
export interface Listening {
  readonly address: AddressInfo;
}

const running = await serve(workerData as LocalgcsOptions, () => new Date());
parentPort?.postMessage({ address: running.address } satisfies Listening);
parentPort?.once('message', () => {
  running.close().catch((error: unknown) => {
    throw error;
  });
});
