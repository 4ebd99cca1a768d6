import { type Refusal, refuse } from './refusal.ts';

/** What must hold for a request to be carried out (Cloud Storage, "Request preconditions"). */
export interface Preconditions {
  /** 0: the object does not exist. */
  readonly generation?: number;
  readonly notGeneration?: number;
  readonly metageneration?: number;
  readonly notMetageneration?: number;
}

/** Finds a parameter or header by its name. */
type Lookup = (name: string) => string | undefined;

const inQuery = {
  generation: 'GenerationMatch',
  notGeneration: 'GenerationNotMatch',
  metageneration: 'MetagenerationMatch',
  notMetageneration: 'MetagenerationNotMatch',
} as const;

/** `ifGenerationMatch=` and its like; with `source` those about a copy's source, `ifSourceGenerationMatch=`. */
export function fromQuery(query: Lookup, which: 'if' | 'ifSource' = 'if'): Preconditions | Refusal {
  return read(
    Object.entries(inQuery).map(([key, name]) => [key, `${which}${name}`]),
    query,
  );
}

/** `x-goog-if-generation-match` and its like. */
export function fromHeaders(header: Lookup): Preconditions | Refusal {
  return read(
    [
      ['generation', 'x-goog-if-generation-match'],
      ['metageneration', 'x-goog-if-metageneration-match'],
    ],
    header,
  );
}

function read(names: [string, string][], lookup: Lookup): Preconditions | Refusal {
  const found: Record<string, number> = {};
  for (const [key, name] of names) {
    const value = lookup(name);
    if (value === undefined) continue;
    const number = generationOf(value);
    if (number === undefined) return refuse('InvalidArgument', `${name} must be a number, not ${value}.`);
    found[key] = number;
  }
  return found;
}

/** A generation as it stands in a query or header; undefined when it is not a number. */
export function generationOf(text: string): number | undefined {
  return /^\d{1,19}$/.test(text) ? Number(text) : undefined;
}

/** The object as it is now, or undefined when there is none. */
type Current = { readonly generation: number; readonly metageneration: number } | undefined;

/** Which kind of condition does not hold: a reader is told 304 for `changed-only`, everybody else 412. */
export function unmet(wanted: Preconditions, current: Current): 'match' | 'changed-only' | undefined {
  const generation = current?.generation ?? 0;
  const { metageneration } = current ?? {};
  if (wanted.generation !== undefined && wanted.generation !== generation) return 'match';
  if (wanted.metageneration !== undefined && wanted.metageneration !== metageneration) return 'match';
  if (wanted.notGeneration !== undefined && wanted.notGeneration === generation) return 'changed-only';
  if (wanted.notMetageneration !== undefined && wanted.notMetageneration === metageneration)
    return 'changed-only';
  return undefined;
}

/** A refusal when something about to be written is not as the writer wants it. */
export function unmetByWriter(wanted: Preconditions, current: Current): Refusal | undefined {
  if (!unmet(wanted, current)) return undefined;
  return refuse('PreconditionFailed', `The object's generation is ${current?.generation ?? 0}.`);
}
