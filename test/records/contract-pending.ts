import type { TestFn } from 'ava';
import { mostPending } from '../../src/boot/machine/pending-book.ts';
import { mostObservations } from '../../src/boot/machine/pending-machine.ts';
import { at, macOf, newId, pending } from './examples.ts';
import type { OpenRecords } from './open-records.ts';

/** What every driver keeps of machines that nobody has registered. */
export function pendingContract(test: TestFn, open: OpenRecords): void {
  test('a pending machine that is seen again from where it was is one, with all that is known of it', async (t) => {
    const records = await open(t);
    const first = pending({ serial: "S'1", arch: 'x86_64', first_seen: at(1), last_seen: at(1), count: 3 });
    const other = pending({ mac: macOf(2) });
    await records.updatePending([first, other]);
    await records.updatePending([pending({ version: '2.0', first_seen: at(5), last_seen: at(6), count: 2 })]);
    const known = { ...first, version: '2.0', last_seen: at(6), count: 5 };
    t.deepEqual(await records.pending(first.id), known);
    t.deepEqual(await records.listPending({ limit: 10 }), { items: [known, other] });
    t.is(await records.pending('nobody'), undefined);
  });

  test('what contradicts, or comes from elsewhere, is kept apart, so many of each machine', async (t) => {
    const records = await open(t);
    const first = pending({ serial: 'HONEST', first_seen: at(1), last_seen: at(1) });
    const told = Array.from({ length: 20 }, (_, n) => ({
      ...{ address: `10.0.0.${n + 8}`, serial: `FORGED-${n}` },
      ...{ first_seen: at(2 + n), last_seen: at(2 + n), count: 1 },
    }));
    await records.updatePending([first]);
    for (const one of told) await records.updatePending([pending(one)]);
    const others = told.slice(-(mostObservations - 1));
    t.deepEqual(await records.pending(first.id), { ...first, others });
    const again = pending({ ...others[2], first_seen: at(50), last_seen: at(50) });
    await records.updatePending([again, pending({ serial: 'HONEST', last_seen: at(51) })]);
    t.deepEqual(await records.pending(first.id), {
      ...{ ...first, last_seen: at(51), count: 2 },
      others: others.with(2, { ...told[15], last_seen: at(50), count: 2 } as (typeof told)[0]),
    });
  });

  test('of more pending machines than are kept those that asked last are, where one host made all of them', async (t) => {
    const records = await open(t);
    const seen = Array.from({ length: mostPending + 20 }, (_, n) =>
      pending({ mac: macOf(n), first_seen: at(n), last_seen: at(n), serial: 'x'.repeat(128) }),
    );
    await records.updatePending(seen.slice(0, 500));
    await records.updatePending([pending({ mac: macOf(0), last_seen: at(10_000) })]);
    await records.updatePending(seen.slice(500));
    const { items } = await records.listPending({ limit: 1000 });
    t.is(items.length, mostPending);
    t.deepEqual(
      items.map(({ mac }) => mac),
      [macOf(0), ...seen.slice(21).map(({ mac }) => mac)],
    );
  });

  test('hosts share the room: whoever makes up most machines loses places first', async (t) => {
    const records = await open(t);
    const honest = Array.from({ length: 5 }, (_, n) =>
      pending({ mac: macOf(n), address: `10.0.1.${n}`, first_seen: at(n), last_seen: at(n) }),
    );
    // As long as they can be, to see that all of them fit.
    const forged = Array.from({ length: 3 * mostPending }, (_, n) =>
      pending({
        ...{ mac: macOf(1000 + n), uuid: newId(), serial: String(n).padStart(128, 'x') },
        ...{ arch: 'a'.repeat(64), platform: 'p'.repeat(64), version: 'v'.repeat(64) },
        placeholders: { uuid: newId(), serial: '0'.repeat(128) },
        like: [
          { by: 'uuid', machine: newId() },
          { by: 'serial', machine: newId() },
        ],
        address: `2001:db8:0:${n % 2}::${n.toString(16)}`,
        ...{ first_seen: at(100 + n), last_seen: at(100 + n) },
      }),
    );
    await records.updatePending(honest);
    for (let n = 0; n < forged.length; n += 500) await records.updatePending(forged.slice(n, n + 500));
    const { items } = await records.listPending({ limit: 1000 });
    t.is(items.length, mostPending);
    t.deepEqual(items.slice(0, 5), honest);
    t.deepEqual(items.slice(5), forged.slice(5 - mostPending));
  });

  test('pending machines go when that is asked; one that is not there does not matter', async (t) => {
    const records = await open(t);
    const [a, b] = [pending({ mac: macOf(1) }), pending({ mac: macOf(2) })];
    await records.updatePending([a, b]);
    await records.updatePending([], [a.id, 'nobody']);
    t.deepEqual(await records.listPending({ limit: 10 }), { items: [b] });
    await records.updatePending([a], [b.id]);
    t.deepEqual(await records.listPending({ limit: 10 }), { items: [a] });
  });

  test('pending machines that are added and dismissed at once are all accounted for', async (t) => {
    const records = await open(t);
    const gone = Array.from({ length: 5 }, (_, n) => pending({ mac: macOf(n) }));
    await records.updatePending(gone);
    await Promise.all([
      ...Array.from({ length: 5 }, (_, n) => records.updatePending([pending({ mac: macOf(10 + n) })])),
      ...gone.map(({ id }) => records.updatePending([], [id])),
    ]);
    const { items } = await records.listPending({ limit: 100 });
    t.deepEqual(items.map(({ mac }) => mac).sort(), [10, 11, 12, 13, 14].map(macOf));
  });

  test('pages of pending machines show each once while others come and go', async (t) => {
    const records = await open(t);
    const machines = Array.from({ length: 5 }, (_, n) => pending({ mac: macOf(n) }));
    await records.updatePending(machines);
    const first = await records.listPending({ limit: 2 });
    t.deepEqual(first.items, machines.slice(0, 2));
    await records.updatePending([], [machines[1]?.id ?? '']);
    await records.updatePending([pending({ mac: macOf(9) })]);
    const second = await records.listPending({ limit: 10, cursor: first.next ?? '' });
    t.deepEqual(second, { items: [...machines.slice(2), pending({ mac: macOf(9) })] });
  });
}
