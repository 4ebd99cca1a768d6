import { performance } from 'node:perf_hooks';
import type { Operation, Watch } from '../watch.ts';
import type { StoreMetrics } from './of-stores.ts';

/** Measures how long stores take. What comes without a promise goes on without one. */
export function timed({ operationSeconds }: Pick<StoreMetrics, 'operationSeconds'>): Watch {
  const ended = ({ store, name: operation }: Operation, outcome: 'ok' | 'fault', begun: number) =>
    operationSeconds.observe({ store, operation, outcome }, (performance.now() - begun) / 1000);
  return (operation, work) => {
    const begun = performance.now();
    try {
      const result = work();
      if (result instanceof Promise)
        result.then(
          () => ended(operation, 'ok', begun),
          () => ended(operation, 'fault', begun),
        );
      else ended(operation, 'ok', begun);
      return result;
    } catch (error) {
      ended(operation, 'fault', begun);
      throw error;
    }
  };
}
