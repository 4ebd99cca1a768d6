import { randomBytes } from 'node:crypto';
import {
  type Context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { scrub } from '../log/scrub.ts';
import type { Ended } from '../tracing.ts';
import { type LateSpan, type Noted, type SpanRef, spanId } from './late-span.ts';

/** The ids of one span. */
type Ids = Pick<SpanRef, 'traceId' | 'spanId'>;

/** Gives a span the ids that it has been known by since it began. */
export class GivenIds {
  #given: Ids | undefined;

  /** `start` starts one span. */
  during<T>(ids: Ids, start: () => T): T {
    this.#given = ids;
    try {
      return start();
    } finally {
      this.#given = undefined;
    }
  }

  generateTraceId = (): string => this.#given?.traceId ?? randomBytes(16).toString('hex');
  generateSpanId = (): string => this.#given?.spanId ?? spanId();
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
    const { parent, startedAt: startTime, allLinks, leftOut } = late;
    const under = parent ? trace.setSpanContext(ROOT_CONTEXT, this.#contextOf(parent)) : ROOT_CONTEXT;
    const span = this.#start(
      name,
      late.ref,
      { kind: kinds[kind], startTime, links: allLinks.map(linkTo) },
      under,
    );
    for (const [key, value] of Object.entries(attributes))
      if (value !== undefined) span.setAttribute(key, typeof value === 'string' ? scrub(value) : value);
    if (leftOut > 0) span.setAttribute('bootbroker.operations_left_out', leftOut);
    if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: scrub(failure) });
    this.#written.set(late, trace.setSpan(ROOT_CONTEXT, span));
    for (const noted of late.noted) this.writeNoted(late, noted);
    span.end(late.now());
  }

  /** Something that a span waited for; or that went on after it. */
  writeNoted(late: LateSpan, { store, name, spanId, startedAt: startTime, endedAt, error }: Noted): void {
    const ids = { traceId: late.ref.traceId, spanId };
    const attributes = { 'bootbroker.store': store, 'bootbroker.operation': name };
    const options = { kind: SpanKind.CLIENT, startTime, attributes };
    const span = this.#start(`${store} ${name}`, ids, options, this.#written.get(late) ?? ROOT_CONTEXT);
    if (error !== undefined) {
      const told = error instanceof Error ? error : new Error(String(error));
      span.setAttribute('error.type', told.name);
      span.setStatus({ code: SpanStatusCode.ERROR, message: scrub(told.message) });
    }
    span.end(endedAt);
  }

  #start(name: string, ids: Ids, options: SpanOptions, under: Context): Span {
    return this.#ids.during(ids, () => this.#tracer.startSpan(name, options, under));
  }

  /** A span that stands elsewhere, or is not written yet. Whether it is sampled says the sampler, by its trace, where nobody has said. */
  #contextOf({ traceId, spanId, sampled }: SpanRef): SpanContext {
    if (sampled === undefined)
      return this.#start('like it', { traceId, spanId }, {}, ROOT_CONTEXT).spanContext(); // never ended, so never told
    return { traceId, spanId, traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE, isRemote: true };
  }
}

function linkTo({ traceId, spanId, sampled = true }: SpanRef): Link {
  return { context: { traceId, spanId, traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE } };
}
