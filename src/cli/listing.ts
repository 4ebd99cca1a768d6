import { allItems, type Query } from './api.ts';
import { type BrokerOptions, broker } from './broker.ts';
import type { Outside } from './outside.ts';
import { jsonLine } from './printable.ts';
import { table } from './table.ts';

/** What a list verb fetches, and how one item becomes a row. */
export interface Listing<Item> {
  readonly path: string;
  readonly query: Query;
  readonly titles: readonly string[];
  row(item: Item): readonly string[];
}

/** Fetches all pages and prints one table, or `{"items": [...]}`. */
export async function printList<Item>(
  outside: Outside,
  options: BrokerOptions & { readonly json?: true },
  listing: Listing<Item>,
): Promise<void> {
  const items = await allItems<Item>(broker(outside, options), listing.path, listing.query);
  outside.stdout.write(options.json ? jsonLine({ items }) : table(listing.titles, items.map(listing.row)));
}

/** Empty cells are visible, so that columns can be counted. */
export function cell(value: string | undefined): string {
  return value || '-';
}
