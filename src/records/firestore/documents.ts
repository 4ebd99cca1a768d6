import { isDeepStrictEqual } from 'node:util';

/** What a document holds besides what the driver itself adds to it: JSON. */
export type Document = Readonly<Record<string, unknown>>;

export type Collection =
  | 'machines'
  | 'macs'
  | 'profiles'
  | 'rules'
  | 'rulebooks'
  | 'assets'
  | 'uploads'
  | 'boots'
  | 'histories'
  | 'pending'
  | 'tokens'
  | 'audit'
  | 'heads'
  | 'changes';
export type Place = readonly [collection: Collection, id: string];

/** What is written into a document, and what lies beside it. */
export interface Content {
  readonly document: object;
  /** Searched for, and computed from the document; each field's name ends with `_texts`, so that no reader takes it for a part. */
  readonly texts?: Readonly<Record<string, readonly string[]>>;
  /** From then on Firestore may delete it. */
  readonly expire_at?: Date;
}

/** Whether a field stands in documents that is no part of what was stored. */
export function isBeside(field: string): boolean {
  return field === 'added_at' || field === 'expire_at' || field.endsWith('_texts');
}

export interface Found {
  readonly place: Place;
  readonly document: Document;
  /** When it was created, by Firestore's clock; with the id, the order of lists. RFC 3339, to the nanosecond. */
  readonly addedAt: string;
  /** For the precondition of a change. RFC 3339, to the nanosecond. */
  readonly updateTime: string;
}

/** All of one commit's writes happen, or none, and only if each is as its precondition has it. */
export type Write =
  /** The document is not there yet. */
  | { readonly kind: 'create'; readonly place: Place; readonly content: Content }
  /** It is as it was found. */
  | { readonly kind: 'change'; readonly found: Found; readonly content: Content }
  /** It is as it was found. */
  | { readonly kind: 'delete'; readonly found: Found };

/** Makes the document, or changes what was found in its place. */
export function put(place: Place, found: Found | undefined, content: Content): Write {
  return found ? { kind: 'change', found, content } : { kind: 'create', place, content };
}

export interface Query {
  readonly from: Collection;
  readonly where?: readonly Condition[];
  /** By a field, then id; without it, in no order that means anything. */
  readonly order?: 'ASCENDING' | 'DESCENDING';
  /** Default `added_at`. Documents without the field are not found. */
  readonly by?: 'added_at' | 'ready_at';
  readonly after?: Pick<Found, 'place' | 'addedAt'>;
  /** Created later than that; with an order by `added_at`. */
  readonly since?: string;
  readonly limit?: number;
}
export interface Condition {
  readonly field: string;
  readonly op: 'EQUAL' | 'ARRAY_CONTAINS';
  readonly value: string;
}

export interface Documents {
  /** In one round trip, at one moment. What cannot be an id is nobody's. */
  get(...places: readonly Place[]): Promise<(Found | undefined)[]>;
  query(query: Query): Promise<readonly Found[]>;
  /** The same, and as of when, by Firestore's clock. */
  queryAt(query: Query): Promise<{ readonly found: readonly Found[]; readonly readTime: string }>;
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

export function documentOf<Stored>(found: Found | undefined): Stored | undefined {
  return found && (found.document as Stored);
}

/** Whether this very document is there; nothing is, where none is given. */
export function isStored(found: Found | undefined, document: object | undefined): boolean {
  if (!found || !document) return found === document;
  return isDeepStrictEqual(found.document, JSON.parse(JSON.stringify(document)));
}
