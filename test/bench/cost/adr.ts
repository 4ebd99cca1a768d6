import { activeSeconds, type BootCounts, cloudRun, egress, firestore, total, vm } from './model.ts';
import { prices } from './prices.ts';

/** 10 boots of 150 MB a month, 50 GB stored, one instance always there with 512 MiB. */
const boots = 10;
const gigabytes = boots * 0.15;
const storedGb = 50;

/** What the ADR has by its rows, in dollars a month, and what the prices say. */
export function adrCase(counts: BootCounts) {
  const requests = boots * counts.requests;
  const memoryAlone = cloudRun({ minInstances: 1, cpus: 0, memoryGib: 0.5, requests, activeSeconds: 0 });
  const common = {
    'storage, 50 GB': { adr: 1.0, ours: storedGb * prices.stored.usd },
    'firestore, few reads and writes': { adr: 0.5, ours: firestore(boots, counts) },
    'egress, 10 boots of 150 MB': { adr: 0.18, ours: egress(gigabytes) },
  };
  const run = {
    'cloud run, 1 instance of 512 MiB': {
      adr: 3.5,
      ours: cloudRun({
        minInstances: 1,
        cpus: 1,
        memoryGib: 0.5,
        requests,
        activeSeconds: activeSeconds(requests, 0.1, 80),
      }),
      note: `its memory alone is ${memoryAlone.toFixed(2)}`,
    },
    ...common,
  };
  const machine = {
    'e2-micro, 10 GB disk': { adr: 6.5, ours: vm(prices.e2Micro, 10), note: 'without an address' },
    ...common,
  };
  return { 'cloud run': summed(run), vm: summed(machine) };
}

interface Row {
  readonly adr: number;
  readonly ours: number;
  readonly note?: string;
}

function summed(rows: Readonly<Record<string, Row>>): Readonly<Record<string, Row>> {
  const of = (which: 'adr' | 'ours') =>
    total(Object.fromEntries(Object.entries(rows).map(([name, row]) => [name, row[which]])));
  const all = { ...rows, total: { adr: of('adr'), ours: of('ours') } };
  const cents = (dollars: number) => Number(dollars.toFixed(2));
  return Object.fromEntries(
    Object.entries(all).map(([name, row]) => [name, { ...row, adr: cents(row.adr), ours: cents(row.ours) }]),
  );
}
