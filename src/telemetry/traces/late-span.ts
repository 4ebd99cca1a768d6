import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { RemoteSpan } from '../trace.ts';
import type { Operation } from '../watch.ts';

/** Names a span. */
export interface SpanRef {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  /** Undefined: as the sampler has it for that trace. */
  readonly sampled: boolean | undefined;
}

/** Something that a span waited for. */
export interface Noted extends Operation {
  readonly spanId: string;
  /** In ms since 1970. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly error: unknown;
}

/** What one span notes; a job may ask the records a million times. */
export const mostNoted = 128;

/**
 * A span that is written when it has ended: a request learns which boot it belongs to, and with that its trace, only after
 * it has read records. Until then, what it does is noted here.
 */
export class LateSpan {
  /** In ms since 1970. */
  readonly startedAt: number;
  /** Other spans that belong to it, and stand in other traces. */
  readonly links: SpanRef[] = [];
  readonly noted: Noted[] = [];
  /** How many operations were too many to be noted. */
  leftOut = 0;
  /** Who asked, as far as that is believed. */
  remote: RemoteSpan | undefined;
  /** Whether who asked stands in the trace that the answer names. */
  remoteFollows = false;
  #boot: string | undefined;
  #beginsBoot = false;
  readonly #since = performance.now();
  readonly #trace = randomBytes(16).toString('hex');
  readonly #id = spanId();
  readonly #endedAt: number | undefined;

  /** One that begins now; or one that is over. */
  constructor(times?: { readonly startedAt: number; readonly endedAt: number }) {
    this.startedAt = times?.startedAt ?? Date.now();
    this.#endedAt = times?.endedAt;
  }

  /** Puts it in the trace of a boot, by the boot's id: a UUID, which has as many bits as a trace id (RFC 9562). */
  belongsTo(boot: string, begins: boolean): void {
    const trace = traceOf(boot);
    if (!trace) return;
    this.#boot = trace;
    this.#beginsBoot = begins;
  }

  /** The trace of the boot that it belongs to; undefined: of none. */
  get boot(): string | undefined {
    return this.#boot;
  }

  /** As far as it is known by now. */
  get ref(): SpanRef {
    const traceId = this.#boot ?? this.remote?.traceId ?? this.#trace;
    const id = this.#boot && this.#beginsBoot ? firstSpanOf(this.#boot) : this.#id;
    return { traceId, spanId: id, sampled: this.#asker?.sampled };
  }

  /** What it is a child of: whoever asked; else, in a boot, the span of the script that began it. */
  get parent(): SpanRef | undefined {
    const boot = this.#boot;
    if (this.#asker) return this.#asker;
    if (!boot || this.#beginsBoot) return undefined;
    return { traceId: boot, spanId: firstSpanOf(boot), sampled: undefined };
  }

  /** All links: who asked, too, where that stands in another trace. */
  get allLinks(): readonly SpanRef[] {
    const { traceId, spanId, sampled } = this.remote ?? {};
    if (!traceId || !spanId || this.#asker) return this.links;
    return [...this.links, { traceId, spanId, sampled }];
  }

  /** Who asked, where that stands in the same trace. */
  get #asker(): SpanRef | undefined {
    const { traceId = '', spanId, sampled } = this.remote ?? {};
    const trace = this.#boot ?? traceId;
    if (!spanId || (trace !== traceId && !this.remoteFollows)) return undefined;
    return { traceId: trace, spanId, sampled };
  }

  /** Milliseconds since 1970, by the monotonic clock since it began. */
  now(): number {
    return this.#endedAt ?? this.startedAt + performance.now() - this.#since;
  }
}

/** A new id. */
export function spanId(): string {
  return randomBytes(8).toString('hex');
}

/** The trace of a boot has the boot's id; undefined: that id names no trace. */
function traceOf(boot: string): string | undefined {
  const trace = boot.replaceAll('-', '').toLowerCase();
  return /^0{32}$/.test(trace) || /0{16}$/.test(trace) ? undefined : trace;
}

/** The span of the script that begins a boot: whoever knows the boot's id knows it, in whatever process. */
function firstSpanOf(trace: string): string {
  return trace.slice(16);
}
