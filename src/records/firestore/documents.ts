/** What is stored in a field: text, a list of texts, or a time. */
export type Value = string | readonly string[] | Date;

export type Collection =
  | 'machines'
  | 'macs'
  | 'profiles'
  | 'rules'
  | 'rulebooks'
  | 'assets'
  | 'uploads'
  | 'boots'
  | 'pending'
  | 'tokens'
  | 'audit'
  | 'heads';
export type Place = readonly [collection: Collection, id: string];

/**
 * A document is the JSON in `body`: Firestore's own values can hold neither an array in an array nor an empty key. What is
 * searched for lies beside it, computed from it.
 */
export type Fields = Readonly<Record<string, Value | undefined>> & { readonly body: string };

export interface Found {
  readonly place: Place;
  readonly body: string;
  /** When it was created, by Firestore's clock; with the id, the order of lists. */
  readonly addedAt: string;
  /** For the precondition of a change. */
  readonly updateTime: string;
}

/** All of one commit's writes happen, or none, and only if each is as its precondition has it. */
export type Write =
  /** The document is not there yet. */
  | { readonly kind: 'create'; readonly place: Place; readonly fields: Fields }
  /** It is as it was found. */
  | { readonly kind: 'change'; readonly found: Found; readonly fields: Fields }
  /** It is as it was found. */
  | { readonly kind: 'delete'; readonly found: Found };

/** Makes the document, or changes what was found in its place. */
export function put(place: Place, found: Found | undefined, fields: Fields): Write {
  return found ? { kind: 'change', found, fields } : { kind: 'create', place, fields };
}

export interface Query {
  readonly from: Collection;
  readonly where?: readonly { readonly field: string; readonly op: Operator; readonly value: string }[];
  /** By a field, then id; without it, in no order that means anything. */
  readonly order?: 'ASCENDING' | 'DESCENDING';
  /** Default `added_at`. Documents without the field are not found. */
  readonly by?: 'added_at' | 'ready_at';
  readonly after?: Pick<Found, 'place' | 'addedAt'>;
  readonly limit?: number;
}
export type Operator = 'EQUAL' | 'ARRAY_CONTAINS';

export interface Documents {
  /** In one round trip, at one moment. What cannot be an id is nobody's. */
  get(...places: readonly Place[]): Promise<(Found | undefined)[]>;
  query(query: Query): Promise<Found[]>;
  commit(...writes: readonly Write[]): Promise<void>;
}

/** What a document's id may be (https://cloud.google.com/firestore/quotas#collections_documents_and_fields). */
export function isDocumentId(id: string): boolean {
  return isIndexed(id) && id !== '' && !id.includes('/') && !/^(\.\.?|__.*__)$/.test(id);
}

/** Firestore keeps Unicode alone, and cuts what it indexes at 1500 bytes: nothing else is ever found. */
export function isIndexed(value: string): boolean {
  return value.isWellFormed() && Buffer.byteLength(value) <= 1500;
}

export function documentOf<Document>(found: Found | undefined): Document | undefined {
  return found && (JSON.parse(found.body) as Document);
}
