import { type ZodType, z } from 'zod';

/** What the document names, and refers to from wherever it occurs. */
export interface Components {
  readonly schemas: Record<string, object>;
  readonly responses: Record<string, object>;
}

/**
 * The schema in OpenAPI 3.1's words, which are JSON Schema's (2020-12). Those that carry an id become components.
 * `input` is what may be sent, `output` what comes.
 */
export function jsonSchema(schema: ZodType, io: 'input' | 'output', { schemas }: Components): object {
  const made = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  const { $schema: _, $defs = {}, ...json } = pointToComponents(made);
  Object.assign(schemas, $defs);
  return json;
}

function pointToComponents(schema: object): { $schema?: string; $defs?: Record<string, object> } {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/'));
}
