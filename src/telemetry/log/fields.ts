/** Causes of causes, and things in things, that are told. */
const deepest = 5;

/** The fields of a line, and in them errors as what they say and what caused them, wherever they stand. Mostly there are none. */
export function shownFields(fields: Fields): Fields {
  for (const name in fields) if (typeof fields[name] === 'object') return ofFields(fields, 0);
  return fields;
}

type Fields = Record<string, unknown>;

function ofFields(fields: object, depth: number): Fields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, shown(value, depth + 1)]));
}

function shown(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > deepest) return undefined;
  if (value instanceof Error) return shownError(value, depth);
  if (Array.isArray(value)) return value.map((item) => shown(item, depth + 1));
  return Object.getPrototypeOf(value) === Object.prototype ? ofFields(value, depth) : value;
}

/** Of what else an error carries, as the request of a client's library with its headers, nothing is told. */
function shownError(error: Error, depth: number): object {
  const { name: type, message, stack = '', cause } = error;
  const { errors } = error as { readonly errors?: unknown };
  return {
    type,
    message,
    stack,
    ...(cause !== undefined && { cause: shown(cause, depth + 1) }),
    ...(Array.isArray(errors) && { errors: shown(errors, depth + 1) }),
  };
}
