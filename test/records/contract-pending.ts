import type { TestFn } from 'ava';
import { mostPending } from '../../src/boot/machine/pending-machine.ts';
import { at, auditEntry, machine, macOf, pending } from './examples.ts';
import type { OpenRecords } from './open-records.ts';

/** What every driver keeps of machines that nobody has registered. */
export function pendingContract(test: TestFn, open: OpenRecords): void {
  test('a pending machine that is seen again is one, with all that is known of it', async (t) => {
    const records = await open(t);
    const first = pending({ serial: "S'1", arch: 'x86_64', first_seen: at(1), last_seen: at(1), count: 3 });
    const other = pending({ mac: macOf(2) });
    await records.addPending([first, other]);
    await records.addPending([
      pending({ address: '10.0.0.9', version: '2.0', first_seen: at(5), last_seen: at(6), count: 2 }),
    ]);
    const known = {
      ...first,
      version: '2.0',
      address: '10.0.0.9',
      last_seen: at(6),
      count: 5,
    };
    t.deepEqual(await records.pending(first.id), known);
    t.deepEqual(await records.listPending({ limit: 10 }), { items: [known, other] });
    t.is(await records.pending('nobody'), undefined);
  });

  test('of more pending machines than are kept those that asked last are', async (t) => {
    const records = await open(t);
    const seen = Array.from({ length: mostPending + 20 }, (_, n) =>
      pending({ mac: macOf(n), first_seen: at(n), last_seen: at(n), serial: 'x'.repeat(128) }),
    );
    await records.addPending(seen.slice(0, 500));
    await records.addPending([pending({ mac: macOf(0), last_seen: at(10_000) })]);
    await records.addPending(seen.slice(500));
    const { items } = await records.listPending({ limit: 1000 });
    t.is(items.length, mostPending);
    t.deepEqual(
      items.map(({ mac }) => mac),
      [macOf(0), ...seen.slice(21).map(({ mac }) => mac)],
    );
  });

  test('a pending machine goes with what makes it a machine, or not at all; one that is not there is no conflict', async (t) => {
    const records = await open(t);
    const [a, b] = [pending({ mac: macOf(1) }), pending({ mac: macOf(2) })];
    await records.addPending([a, b]);
    const made = machine({ macs: [macOf(1)] });
    const enroll = { kind: 'machine', id: made.id, expected: 0, to: made } as const;
    t.is(await records.write([enroll, { kind: 'pending', id: a.id }], [auditEntry()]), 'written');
    t.deepEqual(await records.listPending({ limit: 10 }), { items: [b] });
    t.deepEqual(await records.machine(made.id), made);
    t.like(await records.write([enroll, { kind: 'pending', id: b.id }]), { kind: 'changed' });
    t.deepEqual(await records.listPending({ limit: 10 }), { items: [b] });
    t.is(await records.write([{ kind: 'pending', id: a.id }]), 'written');
    t.is(
      await records.write([
        { kind: 'pending', id: b.id },
        { kind: 'pending', id: 'nobody' },
      ]),
      'written',
    );
    t.deepEqual(await records.listPending({ limit: 10 }), { items: [] });
  });

  test('pending machines that are added and dismissed at once are all accounted for', async (t) => {
    const records = await open(t);
    const gone = Array.from({ length: 5 }, (_, n) => pending({ mac: macOf(n) }));
    await records.addPending(gone);
    await Promise.all([
      ...Array.from({ length: 5 }, (_, n) => records.addPending([pending({ mac: macOf(10 + n) })])),
      ...gone.map(({ id }) => records.write([{ kind: 'pending', id }])),
    ]);
    const { items } = await records.listPending({ limit: 100 });
    t.deepEqual(items.map(({ mac }) => mac).sort(), [10, 11, 12, 13, 14].map(macOf));
  });

  test('pages of pending machines show each once while others come and go', async (t) => {
    const records = await open(t);
    const machines = Array.from({ length: 5 }, (_, n) => pending({ mac: macOf(n) }));
    await records.addPending(machines);
    const first = await records.listPending({ limit: 2 });
    t.deepEqual(first.items, machines.slice(0, 2));
    await records.write(machines.slice(1, 2).map(({ id }) => ({ kind: 'pending', id }) as const));
    await records.addPending([pending({ mac: macOf(9) })]);
    const second = await records.listPending({ limit: 10, cursor: first.next ?? '' });
    t.deepEqual(second, { items: [...machines.slice(2), pending({ mac: macOf(9) })] });
  });
}
