import type { TestFn } from 'ava';
import { searchable } from '../../src/boot/fields/field.ts';
import { machineFields } from '../../src/boot/fields/machine.ts';
import type { MachineSearch } from '../../src/records/records.ts';
import { machine, macOf, newId } from './examples.ts';
import type { OpenRecords } from './open-records.ts';
import { createMachine } from './writing.ts';

/** What every driver keeps of searching for machines. */
export function searchContract(test: TestFn, open: OpenRecords): void {
  test('machines are searched by what they are called and labelled, in the order of creation, page by page', async (t) => {
    const records = await open(t);
    const uuid = newId();
    const racked = Array.from({ length: 4 }, (_, n) =>
      machine({
        macs: [macOf(n), macOf(100 + n)],
        uuid,
        serial: "it's",
        labels: { rack: 'r=1', ключ: `${n}` },
      }),
    );
    const other = machine({ macs: [macOf(9)], uuid: newId(), serial: 'S', labels: { rack: 'r' } });
    for (const each of [...racked.slice(0, 2), other, ...racked.slice(2)]) await createMachine(records, each);
    const find = async (search: MachineSearch) => (await records.listMachines({ limit: 10 }, search)).items;
    t.deepEqual(await find({ uuid }), racked);
    t.deepEqual(await find({ serial: "it's" }), racked);
    t.deepEqual(await find({ label: { key: 'rack', value: 'r=1' } }), racked);
    t.deepEqual(await find({ label: { key: 'rack', value: 'r' } }), [other]);
    t.deepEqual(await find({ label: { key: 'ключ', value: '2' } }), racked.slice(2, 3));
    t.deepEqual(await find({ mac: macOf(103) }), racked.slice(3));
    t.deepEqual((await find({})).length, 5);
    for (const none of [
      { uuid: newId() },
      { serial: "it's'" },
      { mac: macOf(50) },
      { label: { key: 'rack', value: '%' } },
      { label: { key: 'x'.repeat(2000), value: '\ud800' } },
    ])
      t.deepEqual(await find(none), [], JSON.stringify(none));
    const first = await records.listMachines({ limit: 3 }, { uuid });
    const second = await records.listMachines({ limit: 3, cursor: first.next ?? '' }, { uuid });
    t.deepEqual([...first.items, ...second.items], racked);
    t.is(second.next, undefined);
  });

  test('machines are found by each text that is declared to be searched by', async (t) => {
    const records = await open(t);
    const texts = searchable(machineFields).filter(([, { kind }]) => kind === 'text');
    t.true(texts.length >= 2);
    for (const [n, [name, { flag }]] of texts.entries()) {
      const text = newId();
      const [wanted, other] = [0, 1].map((one) => machine({ macs: [macOf(200 + 2 * n + one)] }));
      if (!wanted || !other) return t.fail();
      await createMachine(records, { ...wanted, [name]: text });
      await createMachine(records, { ...other, [name]: `${text}!` });
      const { items } = await records.listMachines({ limit: 10 }, { [flag]: text });
      t.deepEqual(items, [{ ...wanted, [name]: text }], name);
    }
  });

  test('a machine that is changed is found by what it is now', async (t) => {
    const records = await open(t);
    const before = machine({ serial: 'A', labels: { rack: 'r1' } });
    await createMachine(records, before);
    const after = { ...before, serial: 'B', labels: { rack: 'r2' }, version: 2 };
    t.is(await records.write([{ kind: 'machine', id: before.id, expected: 1, to: after }]), 'written');
    const find = async (search: MachineSearch) => (await records.listMachines({ limit: 10 }, search)).items;
    t.deepEqual(await find({ serial: 'A' }), []);
    t.deepEqual(await find({ label: { key: 'rack', value: 'r1' } }), []);
    t.deepEqual(await find({ label: { key: 'rack', value: 'r2' } }), [after]);
    t.is(await records.write([{ kind: 'machine', id: before.id, expected: 2, to: undefined }]), 'written');
    t.deepEqual(await find({ serial: 'B' }), []);
  });
}
