import { allItems, type Query } from '../broker/api.ts';
import { type BrokerOptions, broker } from '../broker/broker.ts';
import { jsonLine } from '../verb/printable.ts';
import type { System } from '../verb/system.ts';
import { tableOn } from './table.ts';

/** How one item becomes a row. */
interface Rows<Item> {
  readonly titles: readonly string[];
  row(item: Item): readonly string[];
}

/** What a list verb fetches, and how it is shown. */
export interface Listing<Item> extends Rows<Item> {
  readonly path: string;
  readonly query: Query;
}

/** Fetches all pages and prints one table, or `{"items": [...]}`. */
export async function printList<Item>(
  system: System,
  options: BrokerOptions & { readonly json?: true },
  listing: Listing<Item>,
): Promise<void> {
  const items = await allItems<Item>(broker(system, options), listing.path, listing.query);
  printItems(system, options, items, listing);
}

export function printItems<Item>(
  { stdout }: System,
  { json }: { readonly json?: true },
  items: readonly Item[],
  { titles, row }: Rows<Item>,
): void {
  stdout.write(json ? jsonLine({ items }) : tableOn(stdout, titles, items.map(row)));
}

/** Empty cells are visible, so that columns can be counted. */
export function cell(value: string | undefined): string {
  return value || '-';
}
