import { Timestamp } from '@google-cloud/firestore';
import { type Collection, type Document, isBeside } from './documents.ts';
import { Fault } from './fault.ts';

/**
 * Fields that stay JSON in one text, which nobody searches: what is free in form (Firestore holds no array in an array, no
 * empty key, no `__x__`), and the rules that every boot reads, which are many and read faster so.
 */
const textFields: Partial<Record<Collection, readonly string[]>> = {
  machines: ['hardware'],
  profiles: ['metadata'],
  audit: ['before', 'after'],
  rulebooks: ['rules'],
};

/** Firestore nests 20 levels at most (https://cloud.google.com/firestore/quotas#limits), the document being the first. */
const deepest = 18;
const timeField = /^at$|_at$|^(first|last)_(seen|modified)$/;
/** As Date writes it: whatever says the same in another way, or says more, stays text. */
const timeText = /^(?!0000)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** A document of JSON as Firestore's own values, none of which is undefined. */
export function toNative(collection: Collection, document: object): Record<string, unknown> {
  const texts = textFields[collection] ?? [];
  const fields = Object.entries(document).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    fields.map(([key, value]) => [key, texts.includes(key) ? JSON.stringify(value) : native(key, value)]),
  );
}

/** The same document again. Throws a Fault where an older version of the broker wrote it. */
export function fromNative(collection: Collection, fields: Readonly<Record<string, unknown>>): Document {
  if ('body' in fields) throw new Fault('UNKNOWN', oldForm);
  const texts = textFields[collection] ?? [];
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([key]) => !isBeside(key))
      .map(([key, value]) => [key, texts.includes(key) ? JSON.parse(value as string) : json(value)]),
  );
}

export const oldForm =
  'the database holds documents of a bootbroker before 0.2, whose content is a text in `body`: give the broker an empty database (BROKER_FIRESTORE_DATABASE), or delete the collections of the old one, and enter everything again';

/** A field's value; as the bytes of its JSON where Firestore has no value like it. */
function native(key: string, value: unknown): unknown {
  return isNative(value, 1) ? withTimes(key, value) : Buffer.from(JSON.stringify(value));
}

function isNative(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  if (depth > deepest) return false;
  if (Array.isArray(value)) return value.every((item) => !Array.isArray(item) && isNative(item, depth + 1));
  return Object.entries(value).every(([key, item]) => isKey(key) && isNative(item, depth + 1));
}

function isKey(key: string): boolean {
  return key !== '' && key.isWellFormed() && Buffer.byteLength(key) <= 1500 && !/^__.*__$/s.test(key);
}

function withTimes(key: string, value: unknown): unknown {
  if (typeof value === 'string')
    return timeField.test(key) && isTime(value) ? Timestamp.fromDate(new Date(value)) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => withTimes('', item ?? null));
  const fields = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(fields.map(([key, item]) => [key, withTimes(key, item)]));
}

function isTime(text: string): boolean {
  const date = new Date(text);
  return timeText.test(text) && !Number.isNaN(date.getTime()) && date.toISOString() === text;
}

function json(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Timestamp) return value.toDate().toISOString();
  if (value instanceof Uint8Array) return JSON.parse(Buffer.from(value).toString());
  if (Array.isArray(value)) return value.map(json);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, json(item)]));
}
