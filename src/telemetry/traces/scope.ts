import { AsyncLocalStorage } from 'node:async_hooks';
import { traceparent } from '../trace.ts';
import type { Watch } from '../watch.ts';
import { type LateSpan, mostNoted, type Noted, spanId } from './late-span.ts';

/** Which span is under way, and which of its operations. */
interface Under {
  readonly span: LateSpan;
  readonly spanId: string | undefined;
}

export interface Scope {
  readonly watch: Watch;
  run<T>(span: LateSpan, work: () => T): T;
  traceparent(): string | undefined;
}

/** Knows, however many callbacks later, for which span something is done. `late` hears of what ends after its span. */
export function openScope(
  late: (span: LateSpan, noted: Noted) => void,
  isOver: (span: LateSpan) => boolean,
): Scope {
  const storage = new AsyncLocalStorage<Under>();
  return {
    run: (span, work) => storage.run({ span, spanId: undefined }, work),
    traceparent() {
      const under = storage.getStore();
      if (!under) return undefined;
      const { ref } = under.span;
      return traceparent({ ...ref, spanId: under.spanId ?? ref.spanId });
    },
    watch(operation, work) {
      const under = storage.getStore();
      if (!under) return work();
      const { span } = under;
      const id = spanId();
      const startedAt = span.now();
      const ended = (error?: unknown) => {
        const noted = { ...operation, spanId: id, startedAt, endedAt: span.now(), error };
        if (isOver(span)) late(span, noted);
        else if (span.noted.length < mostNoted) span.noted.push(noted);
        else span.leftOut += 1;
      };
      try {
        const result = storage.run({ span, spanId: id }, work);
        if (result instanceof Promise)
          result.then(
            () => ended(),
            (error: unknown) => ended(error ?? 'failed'),
          );
        else ended();
        return result;
      } catch (error) {
        ended(error ?? 'failed');
        throw error;
      }
    },
  };
}
