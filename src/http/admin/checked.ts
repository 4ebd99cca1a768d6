import type { ZodType, z } from 'zod';
import { mostErrors, refuse, refuseParts } from '../../boot/problem.ts';

interface Mistake {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** So many are told in one sentence. */
const mostTold = 20;

/** What the schema makes of a value, or what is wrong with it: the first hundred mistakes. `what` is the body, the query ... */
export function checked(schema: ZodType | undefined, value: unknown, what: string): unknown {
  if (!schema) return undefined;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [found, more] = first(mostErrors, mistakesIn(result.error.issues));
  const faults = found.map(shortened);
  const told = faults
    .slice(0, mostTold)
    .map(({ path, message }) => `${[what, ...path].join('.')}: ${message}`);
  if (more) told.push(`and there are more than ${mostErrors} mistakes`);
  else if (faults.length > mostTold) told.push(`and ${faults.length - mostTold} more`);
  const detail = told.join('; ');
  return what === 'body' ? refuseParts('bad-input', detail, faults) : refuse('bad-input', detail);
}

/** A name that was sent may be as long as the body. */
function shortened({ path, message }: Mistake): Mistake {
  return {
    path: path.map((step) => (typeof step === 'string' ? step.slice(0, 256) : step)),
    message: message.slice(0, 1024),
  };
}

function first<Item>(count: number, items: Iterable<Item>): readonly [Item[], boolean] {
  const found: Item[] = [];
  for (const item of items) {
    if (found.length === count) return [found, true];
    found.push(item);
  }
  return [found, false];
}

function* mistakesIn(issues: readonly z.core.$ZodIssue[]): Generator<Mistake> {
  for (const issue of issues) yield* faultsOf(issue);
}

/** Each unknown field is a fault of its own, so that each has its place; of alternatives the one that was meant speaks. */
function* faultsOf(issue: z.core.$ZodIssue): Generator<Mistake> {
  const { path, message } = issue;
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) yield { path: [...path, key], message: 'is no field here' };
    return;
  }
  const meant = issue.code === 'invalid_union' ? meantOf(issue) : undefined;
  if (!meant) yield { path, message };
  else for (const one of mistakesIn(meant)) yield { ...one, path: [...path, ...one.path] };
}

/** The alternative that has these fields; else, where nothing is said of them all, the one that is of this type. */
function meantOf({ errors, message }: z.core.$ZodIssueInvalidUnion): readonly z.core.$ZodIssue[] | undefined {
  const without = (code: string) =>
    errors.find(
      (issues) =>
        !issues.some((one) => one.path.length === 0 && (one.code === code || one.code === 'invalid_type')),
    );
  return without('unrecognized_keys') ?? (message === 'Invalid input' ? without('invalid_type') : undefined);
}
