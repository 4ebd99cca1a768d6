import type { AsyncCommand } from 'fast-check';
import type { Answered, Asking } from '../support/http.ts';

/** What a machine ought to be. */
export interface MachineModel {
  readonly id: string;
  macs: readonly string[];
  serial: string;
  version: number;
  active: string | undefined;
  history: string[];
  gone: boolean;
}

/** What the broker ought to know; in the order in which it learnt it. A new resource is a field here and commands in a file. */
export interface Model {
  readonly machines: MachineModel[];
  readonly revisions: { readonly id: string; readonly name: string }[];
}

/** The broker. */
export interface Real {
  readonly admin: (target: string, json?: unknown, asking?: Asking) => Promise<Answered>;
}

export type Call = AsyncCommand<Model, Real>;

/** A call that is always possible, under its name in a counterexample. */
export function call(name: string, run: Call['run']): Call {
  return { check: () => true, run, toString: () => name };
}

/** One of them by a number of any size; undefined when there is none. */
export function pick<Item>(items: readonly Item[], n: number): Item | undefined {
  return items[n % items.length];
}

export function problem({ json }: Answered): string {
  return String(json.type).replace('urn:bootbroker:problem:', '');
}
