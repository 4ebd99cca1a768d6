import { type ZodType, z } from 'zod';

/** What the document names, and refers to from wherever it occurs. */
export interface Components {
  readonly schemas: Record<string, object>;
  readonly responses: Record<string, object>;
}

/**
 * The schema in OpenAPI 3.1's words, which are JSON Schema's (2020-12). Those that carry an id become components.
 * `input` is what may be sent, `output` what comes. Where it is said otherwise than it comes (a MAC in any spelling),
 * what may be sent has a name of its own.
 */
export function jsonSchema(schema: ZodType, io: 'input' | 'output', { schemas }: Components): object {
  const made = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  const differing = io === 'input' ? differences(made.$defs ?? {}, schemas) : new Set<string>();
  const nameOf = (name: string) => (differing.has(name) ? `${name}Input` : name);
  const { $schema: _, $defs = {}, ...json } = pointToComponents(made, nameOf);
  for (const [name, definition] of Object.entries($defs)) schemas[nameOf(name)] = definition;
  return json;
}

/** Which definitions are known to say something else, themselves or by what they refer to. */
function differences(
  definitions: Readonly<Record<string, object>>,
  known: Readonly<Record<string, object>>,
): ReadonlySet<string> {
  const found = new Set<string>();
  const nameOf = (name: string) => (found.has(name) ? `${name}Input` : name);
  for (let before = -1; before < found.size; ) {
    before = found.size;
    for (const [name, definition] of Object.entries(definitions)) {
      const said = JSON.stringify(pointToComponents(definition, nameOf));
      if (known[name] && said !== JSON.stringify(known[name])) found.add(name);
    }
  }
  return found;
}

interface Definitions {
  readonly $schema?: string;
  readonly $defs?: Readonly<Record<string, object>>;
}

function pointToComponents(schema: object, nameOf: (name: string) => string): Definitions {
  const text = JSON.stringify(schema).replaceAll(
    /"#\/\$defs\/([^"]+)"/g,
    (_, name: string) => `"#/components/schemas/${nameOf(name)}"`,
  );
  return JSON.parse(text);
}
