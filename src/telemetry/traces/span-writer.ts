import { randomBytes } from 'node:crypto';
import {
  type Context,
  type Link,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { scrub } from '../log/scrub.ts';
import type { Ended } from '../tracing.ts';
import type { LateSpan, Noted, SpanRef } from './late-span.ts';
import { spanId } from './late-span.ts';

/** Gives the next span the ids that it has been known by since it began. */
export class GivenIds {
  #next: SpanRef | undefined;

  give(ids: SpanRef): void {
    this.#next = ids;
  }

  generateTraceId = (): string => this.#next?.traceId ?? randomBytes(16).toString('hex');

  generateSpanId = (): string => {
    const id = this.#next?.spanId ?? spanId();
    return id;
  };

  taken(): void {
    this.#next = undefined;
  }
}

const kinds = { server: SpanKind.SERVER, internal: SpanKind.INTERNAL };

/** Writes spans that have ended, with the times that they had. */
export class SpanWriter {
  readonly #tracer: Tracer;
  readonly #ids: GivenIds;
  readonly #written = new WeakMap<LateSpan, Context>();

  constructor(tracer: Tracer, ids: GivenIds) {
    this.#tracer = tracer;
    this.#ids = ids;
  }

  isWritten(span: LateSpan): boolean {
    return this.#written.has(span);
  }

  write(late: LateSpan, { name, kind, attributes, failure }: Ended): void {
    const span = this.#start(name, {
      ids: late.ref,
      parent: late.parent,
      kind: kinds[kind],
      startedAt: late.startedAt,
      links: late.allLinks,
    });
    for (const [key, value] of Object.entries(attributes)) {
      if (value !== undefined) span.setAttribute(key, typeof value === 'string' ? scrub(value) : value);
    }
    if (late.leftOut > 0) span.setAttribute('bootbroker.operations_left_out', late.leftOut);
    if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: scrub(failure) });
    this.#written.set(late, trace.setSpan(ROOT_CONTEXT, span));
    for (const noted of late.noted) this.writeNoted(late, noted);
    span.end(late.now());
  }

  /** Something that a span waited for; or that went on after it. */
  writeNoted(late: LateSpan, { store, name, spanId, startedAt, endedAt, error }: Noted): void {
    const { traceId, sampled } = late.ref;
    const span = this.#start(`${store} ${name}`, {
      ids: { traceId, spanId },
      parent: { ...late.ref, sampled },
      context: this.#written.get(late),
      kind: SpanKind.CLIENT,
      startedAt,
      links: [],
    });
    span.setAttribute('bootbroker.store', store).setAttribute('bootbroker.operation', name);
    if (error !== undefined) {
      const { name: type, message } =
        error instanceof Error ? error : { name: 'Error', message: String(error) };
      span.setAttribute('error.type', type);
      span.setStatus({ code: SpanStatusCode.ERROR, message: scrub(message) });
    }
    span.end(endedAt);
  }

  #start(name: string, { ids, parent, context, kind, startedAt, links }: Starting) {
    const under =
      context ?? (parent ? trace.setSpanContext(ROOT_CONTEXT, this.#contextOf(parent)) : ROOT_CONTEXT);
    this.#ids.give(ids);
    const span = this.#tracer.startSpan(
      name,
      { kind, startTime: startedAt, links: links.map(linkTo) },
      under,
    );
    this.#ids.taken();
    return span;
  }

  /** A span that stands elsewhere, or is not written yet. Whether it is sampled says the sampler, by its trace id, where nobody has said. */
  #contextOf({ traceId, spanId, sampled }: SpanRef): SpanContext {
    if (sampled !== undefined)
      return { traceId, spanId, traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE, isRemote: true };
    this.#ids.give({ traceId, spanId });
    const like = this.#tracer.startSpan('like it', {}, ROOT_CONTEXT); // never ended, so never told
    this.#ids.taken();
    return like.spanContext();
  }
}

interface Starting {
  readonly ids: SpanRef;
  readonly parent: SpanRef | undefined;
  /** Where its parent is written already. */
  readonly context?: Context | undefined;
  readonly kind: SpanKind;
  readonly startedAt: number;
  readonly links: readonly SpanRef[];
}

function linkTo({ traceId, spanId, sampled = true }: SpanRef): Link {
  return { context: { traceId, spanId, traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE } };
}
