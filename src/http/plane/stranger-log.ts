import type { Problem } from '../../boot/problem.ts';
import { Sampler } from '../../bounds/sampler.ts';
import { sourceKey } from '../../bounds/source-key.ts';
import type { CommonParts } from './parts.ts';

/** What anybody is told who was not let in, or did not speak HTTP: it costs them nothing, and the log must not cost us more. */
const refusals: readonly (Problem | undefined)[] = [
  'bad-request',
  'bad-request-target',
  'source-not-allowed',
  'not-vouched',
  'misdirected',
  'unauthenticated',
];

/** Lines about strangers: of each source one in a minute, and how many were left out. At the level `debug` the others stand, too. */
export class StrangerLog {
  readonly #plane: 'boot' | 'admin';
  readonly #parts: Pick<CommonParts, 'log' | 'metrics'>;
  readonly #sampler: Sampler;

  constructor(plane: 'boot' | 'admin', parts: Pick<CommonParts, 'log' | 'metrics'>) {
    this.#plane = plane;
    this.#parts = parts;
    this.#sampler = new Sampler(({ lines, sources }) =>
      parts.log.info({ plane, lines, sources }, 'lines about refused clients were left out'),
    );
  }

  /** Whether a request that ended so is a stranger's. */
  static isStranger(problem: unknown): boolean {
    return refusals.some((refusal) => refusal === problem);
  }

  write(address: string | undefined, fields: object, message: string): void {
    const { log, metrics } = this.#parts;
    const isFirst = this.#sampler.takes(sourceKey(address));
    if (!isFirst) metrics.leftOutLines.inc({ plane: this.#plane });
    log[isFirst ? 'info' : 'debug'](fields, message);
  }

  /** What came was no request, or not to its end. */
  noRequest(error: NodeJS.ErrnoException, address: string | undefined): void {
    const fields = { plane: this.#plane, source: address, code: error.code, reason: error.message };
    this.write(address, fields, 'a client sent what is no HTTP request');
  }
}
