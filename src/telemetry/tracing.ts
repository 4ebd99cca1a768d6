import type { RemoteSpan } from './trace.ts';
import type { LateSpan } from './traces/late-span.ts';
import type { ServedByStorage } from './traces/storage-spans.ts';
import type { Watch } from './watch.ts';

/** How something ended that was a span. */
export interface Ended {
  readonly name: string;
  /** Who asked: a client of ours; or nobody, as with jobs. */
  readonly kind: 'server' | 'internal';
  /** What is undefined is left out. */
  readonly attributes: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Why it failed, in words without secrets; undefined: it did not. */
  readonly failure?: string | undefined;
}

/** Traces, where an OTLP endpoint is set; else there is no such thing, and nothing of it is loaded. */
export interface Tracing {
  /** Notes in the span that is under way what it waits for. */
  readonly watch: Watch;
  /** A span under way; what `run` does in it belongs to it. */
  begin(): LateSpan;
  run<T>(span: LateSpan, work: () => T): T;
  /** Who asked stands in that span; `follows`: and goes over to the trace that the answer names. */
  believe(span: LateSpan, remote: RemoteSpan, follows: boolean): void;
  /** The client was sent to this path of the storage; `peer` is the other end of its connection here. */
  redirected(span: LateSpan, path: string, client: string, peer: string): void;
  /** Writes the span, and what was noted in it. */
  end(span: LateSpan, ended: Ended): void;
  /** Does something that nobody asked for just now, as a trace of its own. */
  job<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** What whoever is asked in the span under way is told of it (`traceparent`); undefined: there is none. */
  traceparent(): string | undefined;
  /** Writes what the embedded storage did for requests that belong to a span of ours. */
  storageServed(served: readonly ServedByStorage[]): void;
  /** Whether timers stand still between requests (Cloud Run), so that a span has to leave before its answer ends. */
  readonly leavesWithAnswers: boolean;
  /** Resolves when the receiver has all spans, or after half a second. Never rejects. */
  flush(): Promise<void>;
}
