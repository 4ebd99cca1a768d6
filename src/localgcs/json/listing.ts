import { isUtf8 } from 'node:buffer';
import { findBucket } from '../find-object.ts';
import { isRefusal, type Refusal, refuse } from '../refusal.ts';
import type { StoredObject } from '../store/objects-table.ts';
import type { Store } from '../store/store.ts';

/** Cloud Storage, "Objects: list". */
export interface ListRequest {
  readonly prefix: string;
  readonly delimiter: string;
  readonly includeTrailingDelimiter: boolean;
  readonly maxResults: number;
  /** First name, and the name behind the last; '' for none. */
  readonly startOffset: string;
  readonly endOffset: string;
  readonly pageToken: string;
}

export interface Listing {
  readonly items: StoredObject[];
  /** Names cut behind the first delimiter after the prefix, each once. */
  readonly prefixes: string[];
  readonly nextPageToken: string | undefined;
}

/** What a page token says: the last name seen and the last group of names given. */
type Position = readonly [name: string, group: string];

export function listObjects(store: Store, bucket: string, request: ListRequest): Listing | Refusal {
  const found = findBucket(store, bucket);
  if (isRefusal(found)) return found;
  const after = request.pageToken === '' ? (['', ''] as const) : positionOf(request.pageToken);
  if (!after) return refuse('InvalidArgument', 'The pageToken is not one that a listing gave.');

  const { prefix, endOffset } = request;
  const [lastName, lastGroup] = after;
  const items: StoredObject[] = [];
  const groups = new Set<string>();
  let position: Position = after;
  for (const object of store.objects.from(bucket, latest(prefix, request.startOffset, lastName))) {
    const { name } = object;
    if (!name.startsWith(prefix) || (endOffset !== '' && compare(name, endOffset) >= 0)) break;
    if (name === lastName) continue;
    const group = groupOf(name, request);
    const isNew = group !== undefined && group !== lastGroup && !groups.has(group);
    const isItem = group === undefined || (request.includeTrailingDelimiter && name === group);
    if (!isNew && !isItem) continue;
    if (items.length + groups.size >= request.maxResults) {
      return { items, prefixes: [...groups], nextPageToken: tokenOf(position) };
    }
    if (isItem) items.push(object);
    if (isNew) groups.add(group);
    position = [name, group ?? ''];
  }
  return { items, prefixes: [...groups], nextPageToken: undefined };
}

function groupOf(name: string, { prefix, delimiter }: ListRequest): string | undefined {
  const at = delimiter === '' ? -1 : name.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : name.slice(0, at + delimiter.length);
}

/** Names are ordered by their UTF-8 bytes, which is not the order of JavaScript's strings. */
const compare = (one: string, other: string) => Buffer.compare(Buffer.from(one), Buffer.from(other));
const latest = (...names: string[]) =>
  names.reduce((best, name) => (compare(name, best) > 0 ? name : best), '');

const tokenOf = (position: Position) => Buffer.from(JSON.stringify(position)).toString('base64url');

const isName = (value: unknown) => typeof value === 'string' && value.isWellFormed();

function positionOf(token: string): Position | undefined {
  try {
    const bytes = Buffer.from(token, 'base64url');
    if (!isUtf8(bytes)) return undefined;
    const [name, group] = JSON.parse(bytes.toString());
    return isName(name) && isName(group) ? [name, group] : undefined;
  } catch {
    return undefined;
  }
}
