/**
 * One field of a thing, in plain data: what the stores and the command line must know of it, which start without loading a
 * schema. What its value may be says the schema beside (boot/schema).
 */
export type Field = Option & (Texts | Whole | Flag);

interface Texts {
  /** A text; several, as a list; or several by their keys. */
  readonly kind: 'text' | 'list' | 'pairs';
  /** Things are searched by it; and what the option of a list says. */
  readonly search?: string;
}

interface Whole {
  /** A whole number, or whatever a file of JSON says. */
  readonly kind: 'number' | 'json';
  readonly search?: never;
}

interface Flag {
  /** True, or not said at all. */
  readonly kind: 'flag';
  readonly search?: never;
}

interface Option {
  /** What the command line calls it, and a query that searches by it: one item of a list, one of the pairs. */
  readonly flag: string;
  /** What help shows as the value of the option; the flag, unless it is given. */
  readonly value?: string;
  /** All that it can be. */
  readonly choices?: readonly string[];
  /** What the option says where a thing is made; without it there is none. */
  readonly add?: string;
  /** A thing cannot be made without it. */
  readonly required?: true;
  /** What the option says where a thing is changed; as `add`, unless it is given. */
  readonly set?: string;
  /** A change may take it away. */
  readonly removable?: true;
}

/** By the name of the field, in the order in which help tells of them. */
export type Fields = Readonly<Record<string, Field>>;

/** One of the pairs, as it is searched for. */
export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

/** What documents are searched by, under the names that queries have for it. */
export type Search<Declared extends Fields, Document> = {
  readonly [Key in keyof Declared & keyof Document as Declared[Key] extends { readonly search: string }
    ? Declared[Key]['flag']
    : never]?: Declared[Key]['kind'] extends 'pairs'
    ? KeyValue
    : Declared[Key]['kind'] extends 'list'
      ? string
      : Exclude<Document[Key], undefined>;
};

/** What of a document was said by an administrator, in the order in which it is declared: stores keep none. */
export function saidOf<Declared extends Fields, Document extends object>(
  fields: Declared,
  document: Document,
): Pick<Document, keyof Declared & keyof Document> {
  const stored = document as Readonly<Record<string, unknown>>;
  const said = Object.keys(fields).filter((name) => Object.hasOwn(stored, name));
  return Object.fromEntries(said.map((name) => [name, stored[name]])) as Pick<
    Document,
    keyof Declared & keyof Document
  >;
}

/** The fields that things are searched by. */
export function searchable(fields: Fields): readonly (readonly [name: string, field: Field])[] {
  return Object.entries(fields).filter(([, { search }]) => search !== undefined);
}

/** A field, and the text that it must be, or hold, to be found. */
export interface Wanted {
  readonly name: string;
  readonly kind: Field['kind'];
  readonly text: string;
}

/** What a search asks for, field by field. */
export function wantedBy(fields: Fields, search: object): readonly Wanted[] {
  const asked = search as Readonly<Record<string, string | KeyValue | undefined>>;
  return searchable(fields).flatMap(([name, { kind, flag }]) => {
    const value = asked[flag];
    if (value === undefined) return [];
    return { name, kind, text: typeof value === 'string' ? value : pairText(value.key, value.value) };
  });
}

/** One of the pairs as people write it, and as it is searched for. */
export function pairText(key: string, value: string): string {
  return `${key}=${value}`;
}
