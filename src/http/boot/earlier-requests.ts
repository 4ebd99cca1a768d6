import { lru } from '../../lru.ts';
import type { SpanRef } from '../../telemetry/traces/late-span.ts';

/** How long before its script what firmware asked belongs to a boot, in ms. */
const belongsForMs = 300_000;

/** Addresses, or interfaces, that are remembered. */
export const mostCallers = 4_096;

/** Requests of one of them: the last ones. Loaders probe for files by the dozen. */
export const mostOfCaller = 32;

interface Earlier {
  readonly span: SpanRef;
  readonly at: number;
}

/**
 * The spans of requests that name no boot, by who asked: firmware asks before there is any script, and does not say who it is.
 * The script that begins the boot takes them in.
 */
export class EarlierRequests {
  readonly #of = lru<readonly Earlier[]>(mostCallers);

  note(caller: string, span: SpanRef, now: number): void {
    const earlier = this.#of.get(caller) ?? [];
    this.#of.set(caller, [...earlier, { span, at: now }].slice(-mostOfCaller));
  }

  /** Those of the last five minutes; they are nobody else's afterwards. */
  take(caller: string, now: number): SpanRef[] {
    const earlier = this.#of.get(caller) ?? [];
    this.#of.delete(caller);
    return earlier.flatMap(({ span, at }) => (now - at <= belongsForMs ? [span] : []));
  }
}
