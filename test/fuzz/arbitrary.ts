import fc, { type Arbitrary } from 'fast-check';
import { resolve } from '../support/description.ts';
import { hostileTexts, hostileValues } from './hostile.ts';

/** JSON Schema, as far as the API's description uses it. */
interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly propertyNames?: Schema;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly examples?: readonly unknown[];
}

/** A schema may hold itself: what lies deeper is anything. */
const deepest = 5;

/** What is known to mean something under this name: the schema alone makes few texts that anybody would take. */
export type Known = (name: string) => readonly unknown[];

/** Mostly what the schema takes, sometimes its limits, at times something else altogether. */
export function nearly(schema: object, name: string, known: Known, levels = deepest): Arbitrary<unknown> {
  if (levels === 0) return hostile;
  return fc.oneof(
    { weight: 40, arbitrary: fitting(resolve(schema as Schema), name, known, levels) },
    { weight: 1, arbitrary: hostile },
  );
}

export const hostileText: Arbitrary<string> = fc.oneof(
  fc.constantFrom(...hostileTexts),
  fc.string({ unit: 'binary', maxLength: 40 }),
);
const hostile: Arbitrary<unknown> = fc.oneof(hostileText, fc.constantFrom(...hostileValues), fc.jsonValue());

function fitting(schema: Schema, name: string, known: Known, levels: number): Arbitrary<unknown> {
  const familiar = known(name);
  const fits = bySchema(schema, name, known, levels);
  if (familiar.length === 0 || schema.type === 'object' || schema.type === 'array') return fits;
  // It may grow meanwhile.
  const one = fc.nat().map((n) => familiar[n % familiar.length]);
  return fc.oneof({ weight: 5, arbitrary: one }, { weight: 1, arbitrary: fits });
}

function bySchema(schema: Schema, name: string, known: Known, levels: number): Arbitrary<unknown> {
  const { enum: values, anyOf = schema.oneOf, examples } = schema;
  if ('const' in schema) return fc.constant(schema.const);
  if (values) return fc.constantFrom(...values);
  if (anyOf) return fc.oneof(...anyOf.map((one) => nearly(one, name, known, levels)));
  switch (schema.type) {
    case 'object':
      return objectOf(schema, known, levels - 1);
    case 'array': {
      const { items = {}, minItems = 0, maxItems = 3 } = schema;
      return fc.array(nearly(items, name, known, levels), {
        minLength: minItems,
        maxLength: Math.max(minItems, Math.min(maxItems, 3)),
      });
    }
    case 'string':
      return examples ? fc.constantFrom(...examples) : textOf(schema);
    case 'integer':
    case 'number':
      return numberOf(schema);
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return fc.jsonValue({ maxDepth: 3 });
  }
}

function objectOf(
  { properties = {}, required = [], additionalProperties, propertyNames }: Schema,
  known: Known,
  levels: number,
): Arbitrary<unknown> {
  const fields = Object.entries(properties).map(([name, schema]) => [
    name,
    nearly(schema, name, known, levels),
  ]);
  const declared = fc.record(Object.fromEntries(fields), { requiredKeys: [...required] as never[] });
  if (typeof additionalProperties !== 'object') return declared;
  const others = fc.dictionary(
    textOf(propertyNames ?? {}),
    nearly(additionalProperties, 'value', known, levels),
    {
      maxKeys: 3,
    },
  );
  return fc.tuple(others, declared).map(([some, more]) => ({ ...some, ...more }));
}

function textOf({ pattern, maxLength = 300 }: Schema): Arbitrary<string> {
  const plain = fc.stringMatching(/^[a-z][a-z0-9.-]{0,12}$/);
  return fc.oneof(
    { weight: 4, arbitrary: pattern ? fc.stringMatching(new RegExp(pattern)) : plain },
    { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 20 }) },
    { weight: 1, arbitrary: fc.constantFrom('x'.repeat(maxLength), 'x'.repeat(maxLength + 1)) },
  );
}

function numberOf({ type, minimum, exclusiveMinimum, maximum = 2 ** 53 - 1 }: Schema): Arbitrary<number> {
  const least = minimum ?? (exclusiveMinimum ?? -1) + 1;
  const limits = fc.constantFrom(least, least - 1, maximum, maximum + 1);
  const inside = fc.integer({ min: least, max: Math.min(maximum, least + 1_000) });
  return fc.oneof({ weight: 3, arbitrary: inside }, limits, ...(type === 'number' ? [fc.double()] : []));
}
