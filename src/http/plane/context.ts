import type { Middleware, ParameterizedContext } from 'koa';
import type { LateSpan } from '../../telemetry/traces/late-span.ts';

/** What is known of every request, from when it came in. */
export interface PlaneState {
  requestId: string;
  /** What each line of the log about this request says. */
  about: Readonly<Record<string, unknown>>;
  /** By `performance.now()`. */
  startedAt: number;
  /** What the log will say of it besides. */
  notes: Record<string, unknown>;
  /** Its span, where there are traces. */
  span?: LateSpan;
  /** The path of the route that answers. */
  route?: string;
  /** Headers that a fault's answer has here. */
  faultHeaders?: Readonly<Record<string, string>>;
}

/** What a route adds to a request. */
export interface Routed {
  /** The segments of the path that its route names. */
  params: Readonly<Record<string, string>>;
}

/** A request on either plane, and its answer. */
export type PlaneContext<State extends PlaneState = PlaneState> = ParameterizedContext<State, Routed>;

export type PlaneMiddleware<State extends PlaneState = PlaneState> = Middleware<State, Routed>;
