import { round } from '../statistics.ts';
import { countBoots } from '../storm/count-boots.ts';
import type { Workshop } from '../workshop.ts';
import { adrCase } from './adr.ts';
import { cachedOnSite, type Load, onOneVm, redirecting, streaming } from './designs.ts';
import { type BootCounts, total } from './model.ts';
import { daysAMonth, type Price, prices, pricesOf } from './prices.ts';

/** Dollars a month at so many boots a day, by what a boot was counted to ask for with the gcp drivers. */
export async function measureCost(workshop: Workshop) {
  const counts = await countBoots(workshop);
  const { 'cloud run': run, vm } = adrCase(counts);
  return {
    [`prices (${pricesOf})`]: Object.fromEntries(
      Object.entries(prices).map(([name, price]: [string, Price]) => [name, { ...price }]),
    ),
    asked_by_a_boot: { counted: counts },
    'the ADR, Cloud Run': run,
    'the ADR, a VM': vm,
    ...Object.fromEntries(
      [20, 1000, 50_000].map((perDay) => [`dollars a month, ${perDay} boots a day`, bills(perDay, counts)]),
    ),
  };
}

/** By design, and what for. */
export function bills(perDay: number, counts: BootCounts) {
  // A site's cache fetches a new image of 150 MB each day.
  const load: Load = {
    boots: perDay * daysAMonth,
    gigabytesEach: 0.15,
    storedGb: 50,
    distinctGb: 0.15 * daysAMonth,
  };
  const designs = {
    'ours, redirected': redirecting(load, counts),
    'ours, cached on site': cachedOnSite(load, counts),
    "the ADR's, streamed": streaming(load),
    'ours, on one VM': onOneVm(load),
  };
  return Object.fromEntries(
    Object.entries(designs).map(([name, bill]) => [
      name,
      Object.fromEntries(
        Object.entries({ ...bill, total: total(bill) }).map(([row, dollars]) => [row, round(dollars, 2)]),
      ),
    ]),
  );
}
