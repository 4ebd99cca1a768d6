import type { Context } from 'koa';
import { type Attributes, attributesOf } from '../attributes.ts';
import type { Wanted } from '../change-object.ts';
import type { Expected } from '../digest.ts';
import { fromQuery, generationOf } from '../preconditions.ts';
import { isRefusal, type Refusal, refuse } from '../refusal.ts';

/** A query parameter; undefined when it is not there. */
export function parameter(ctx: Context, name: string): string | undefined {
  return [ctx.query[name]].flat()[0];
}

/** How many items of a listing are wanted at once (`maxResults`): 1 to 1000. */
export function largestPage(ctx: Context): number {
  return Math.min(1000, Math.max(1, Number(parameter(ctx, 'maxResults')) || 1000));
}

/** `generation` and the preconditions; with `source` those about what is copied. */
export function wantedOf(ctx: Context, which: 'own' | 'source' = 'own'): Wanted | Refusal {
  const text = parameter(ctx, which === 'own' ? 'generation' : 'sourceGeneration');
  const generation = text === undefined ? undefined : generationOf(text);
  if (text !== undefined && generation === undefined)
    return refuse('InvalidArgument', `A generation is a number, not ${text}.`);
  const preconditions = fromQuery((name) => parameter(ctx, name), which === 'own' ? 'if' : 'ifSource');
  return isRefusal(preconditions) ? preconditions : { generation, preconditions };
}

/** A resource in a body: where it names itself, what is said about it, and what its bytes should be. */
export interface Described {
  readonly name: string | undefined;
  readonly attributes: Attributes;
  readonly expected: Expected;
}

export function describedBy(resource: object): Described | Refusal {
  const attributes = attributesOf(resource);
  if (isRefusal(attributes)) return attributes;
  const { name, crc32c, md5Hash } = resource as Record<string, unknown>;
  const expected = {
    ...(typeof crc32c === 'string' && { crc32c }),
    ...(typeof md5Hash === 'string' && { md5: md5Hash }),
  };
  return { name: typeof name === 'string' ? name : undefined, attributes, expected };
}
