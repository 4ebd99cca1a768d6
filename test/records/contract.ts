import type { TestFn } from 'ava';
import { BadCursor } from '../../src/records/cursor.ts';
import type { Page, PageRequest, Records } from '../../src/records/records.ts';
import { assetContract } from './contract-assets.ts';
import { bootContract } from './contract-boots.ts';
import { pendingContract } from './contract-pending.ts';
import { sameContract } from './contract-same.ts';
import { searchContract } from './contract-search.ts';
import { writeContract } from './contract-writes.ts';
import {
  asset,
  at,
  auditEntry,
  bootEntry,
  machine,
  macOf,
  newId,
  pending,
  revision,
  rule,
  token,
} from './examples.ts';
import type { OpenRecords } from './open-records.ts';
import { createAsset, createMachine, createProfile } from './writing.ts';

/** What every driver of `Records` keeps. A driver's own test calls this once. */
export function recordsContract(test: TestFn, open: OpenRecords): void {
  assetContract(test, open);
  writeContract(test, open);
  searchContract(test, open);
  pendingContract(test, open);
  sameContract(test, open);

  test('an empty store answers, and what is absent is undefined', async (t) => {
    const records = await open(t);
    await records.ping();
    for (const id of [
      newId(),
      'no-such',
      '__none__',
      'x'.repeat(2000),
      'a/b',
      '',
      '.',
      '..',
      '\ud800',
      '\0',
    ]) {
      t.is(await records.machine(id), undefined);
      t.is(await records.profile(id), undefined);
      t.is(await records.asset(id), undefined);
      t.is(await records.upload(id), undefined);
      t.is(await records.newestProfile(id), undefined);
      t.deepEqual(await records.imageAssets(id), []);
      t.deepEqual(await records.listBoots(id, { limit: 10 }), { items: [] });
    }
    t.is(await records.namedAsset({ kind: 'kernel', name: 'no', version: '1', arch: 'arm64' }), undefined);
    t.is(await records.findMachine({ mac: macOf(1), uuid: newId(), serial: 'S' }), undefined);
    t.is(await records.findMachine({}), undefined);
    for (const list of listsOf(records)) t.deepEqual(await list({ limit: 10 }), { items: [] });
  });

  test('a machine comes back as it was given, whatever the letters', async (t) => {
    const records = await open(t);
    const given = machine({
      name: 'Schrank 3 – rückwärts 🐢 \u0000 \ud800 "\\',
      macs: [macOf(1), macOf(2)],
      uuid: newId(),
      serial: "S/N 'x'; DROP TABLE machines --",
      hardware: { cpus: [{ model: 'EPYC', cores: 64 }], memory: 2 ** 40, drives: [{ size: 8e12 }] },
      labels: { rack: 'z\u0308', ключ: '值', '': '', __proto__x: '1' },
      networks: ['10.0.0.0/8', 'fd00::/8'],
    });
    t.is(await createMachine(records, given), 'written');
    t.deepEqual(await records.machine(given.id), given);
    t.deepEqual(await records.findMachine({ serial: "S/N 'x'; DROP TABLE machines --" }), given);
    t.deepEqual((await records.listMachines({ limit: 1 })).items, [given]);
  });

  test('of many machines created at once with one MAC, one is', async (t) => {
    const records = await open(t);
    const rivals = Array.from({ length: 20 }, () => machine({ macs: [macOf(7)] }));
    const results = await Promise.all(rivals.map((rival) => createMachine(records, rival)));
    const winner = rivals[results.indexOf('written')];
    t.deepEqual(
      results.filter((result) => result !== 'written'),
      Array.from({ length: 19 }, () => ({ kind: 'taken', what: 'mac', key: macOf(7), holder: winner?.id })),
    );
    t.deepEqual(await records.findMachine({ mac: macOf(7) }), winner);
    t.deepEqual(await records.listMachines({ limit: 100 }), { items: [winner] });
  });

  test('a machine that names one MAC twice holds it', async (t) => {
    const records = await open(t);
    const given = machine({ macs: [macOf(1), macOf(1)] });
    t.is(await createMachine(records, given), 'written');
    t.deepEqual(await records.findMachine({ mac: macOf(1) }), given);
  });

  test('a machine of which one MAC is taken is not created, and its other MACs stay free', async (t) => {
    const records = await open(t);
    const first = machine({ macs: [macOf(2)] });
    const refused = machine({ macs: [macOf(1), macOf(2), macOf(3)], serial: 'S' });
    await createMachine(records, first);
    t.deepEqual(await createMachine(records, refused), {
      kind: 'taken',
      what: 'mac',
      key: macOf(2),
      holder: first.id,
    });
    t.is(await records.machine(refused.id), undefined);
    t.is(await records.findMachine({ mac: macOf(1), serial: 'S' }), undefined);
    t.is(await createMachine(records, machine({ macs: [macOf(3), macOf(1)] })), 'written');
  });

  test('a machine is found by MAC before UUID before serial', async (t) => {
    const records = await open(t);
    const [a, b, c] = [
      machine({ macs: [macOf(1)], uuid: newId(), serial: 'A' }),
      machine({ macs: [macOf(2)], uuid: newId(), serial: 'B' }),
      machine({ macs: [], serial: 'C' }),
    ];
    for (const each of [a, b, c]) await createMachine(records, each);
    const uuid = b.uuid ?? '';
    t.deepEqual(await records.findMachine({ mac: macOf(1), uuid, serial: 'C' }), a);
    t.deepEqual(await records.findMachine({ uuid, serial: 'C' }), b);
    t.deepEqual(await records.findMachine({ serial: 'C' }), c);
    t.deepEqual(await records.findMachine({ mac: macOf(9), uuid: newId(), serial: 'C' }), c);
  });

  test('a machine that has MACs is found by no UUID or serial of a request that names another MAC', async (t) => {
    const records = await open(t);
    const bound = machine({ macs: [macOf(1)], uuid: newId(), serial: 'A' });
    const free = machine({ macs: [], uuid: newId(), serial: 'B' });
    for (const each of [bound, free]) await createMachine(records, each);
    const [uuid, freeUuid] = [bound.uuid ?? '', free.uuid ?? ''];
    t.is(await records.findMachine({ mac: macOf(9), uuid }), undefined);
    t.is(await records.findMachine({ mac: macOf(9), serial: 'A' }), undefined);
    t.is(await records.findMachine({ mac: macOf(9), uuid, serial: 'A' }), undefined);
    for (const claims of [{ uuid }, { serial: 'A' }, { uuid, serial: 'other' }])
      t.deepEqual(await records.findMachine(claims), bound);
    for (const claims of [{ uuid: freeUuid }, { serial: 'B' }, { uuid: freeUuid, serial: 'A' }])
      t.deepEqual(await records.findMachine({ mac: macOf(9), ...claims }), free);
    // Its UUID is stronger than its serial.
    t.is(await records.findMachine({ mac: macOf(9), uuid: newId(), serial: 'B' }), undefined);
    t.is(await records.findMachine({ uuid: newId(), serial: 'A' }), undefined);
  });

  test('a UUID in the other byte order is the same machine, unless another has it as it stands', async (t) => {
    const records = await open(t);
    const [uuid, swapped] = ['44454c4c-3100-104a-8031-b4c04f4b4d31', '4c4c4544-0031-4a10-8031-b4c04f4b4d31'];
    const known = machine({ uuid, serial: 'S' });
    await createMachine(records, known);
    t.deepEqual(await records.findMachine({ uuid: swapped }), known);
    t.deepEqual(await records.findMachine({ mac: macOf(1), uuid: swapped }), known);
    t.deepEqual(
      await records.findMachine({ uuid: '0a1b2c3d-0000-4000-8000-00000000000f', serial: 'x' }),
      undefined,
    );
    const itself = machine({ uuid: swapped });
    await createMachine(records, itself);
    t.deepEqual(await records.findMachine({ uuid: swapped }), itself);
    t.deepEqual(await records.findMachine({ uuid }), known);
    await createMachine(records, machine({ uuid: swapped }));
    t.is(await records.findMachine({ uuid: swapped }), undefined);
  });

  test('a UUID or serial that two machines share names neither', async (t) => {
    const records = await open(t);
    const [uuid, serial] = [newId(), 'Default'];
    const twin = machine({ macs: [macOf(1)], uuid, serial });
    const single = machine({ serial: 'single' });
    for (const each of [twin, machine({ uuid, serial }), single]) await createMachine(records, each);
    t.is(await records.findMachine({ uuid, serial }), undefined);
    t.deepEqual(await records.findMachine({ uuid, serial: 'single' }), single);
    t.deepEqual(await records.findMachine({ mac: macOf(1), uuid }), twin);
  });

  test('a profile comes back as it was given, and the newest of a name is the one created last', async (t) => {
    const records = await open(t);
    const first = revision({ created_at: at(1), metadata: { ключ: ['🐢', null, 1.5, { deep: [[]] }] } });
    const second = revision({ created_at: at(2), cmdline: 'x'.repeat(16_384) });
    for (const each of [first, second, revision({ name: 'other', created_at: at(3) })])
      t.is(await createProfile(records, each), 'written');
    t.deepEqual(await records.profile(first.id), first);
    t.deepEqual(await records.newestProfile('debian'), second);
  });

  test('activations move the pointer and are remembered in their order', async (t) => {
    const records = await open(t);
    const bare = machine({ macs: [macOf(1)] });
    const untouched = machine();
    for (const each of [bare, untouched]) await createMachine(records, each);
    const revisions = [revision(), revision(), revision()];
    for (const [n, each] of revisions.entries())
      t.is(await createProfile(records, each, { machine_id: bare.id, at: at(n) }), 'written');
    const moved = {
      ...bare,
      active: revisions[2]?.id,
      history: revisions.map(({ id }, n) => ({ revision: id, at: at(n) })),
      version: 4,
      updated_at: at(2),
    };
    t.deepEqual(await records.machine(bare.id), moved);
    t.deepEqual(await records.findMachine({ mac: macOf(1) }), moved);
    t.deepEqual(await records.machine(untouched.id), untouched);
  });

  test('of a long history the last 100 moves remain', async (t) => {
    const records = await open(t);
    const history = Array.from({ length: 100 }, (_, n) => ({ revision: newId(), at: at(n) }));
    const old = machine({ history });
    const next = revision();
    await createMachine(records, old);
    await createProfile(records, next, { machine_id: old.id, at: at(100) });
    t.deepEqual((await records.machine(old.id))?.history, [
      ...history.slice(1),
      { revision: next.id, at: at(100) },
    ]);
  });

  test('activations at once are all remembered, and the last of them is active', async (t) => {
    const records = await open(t);
    const busy = machine();
    await createMachine(records, busy);
    const revisions = Array.from({ length: 20 }, () => revision());
    await Promise.all(
      revisions.map((each) => createProfile(records, each, { machine_id: busy.id, at: at(1) })),
    );
    const after = await records.machine(busy.id);
    t.deepEqual(
      after?.history.map((each) => each.revision).toSorted(),
      revisions.map(({ id }) => id).toSorted(),
    );
    t.is(after?.active, after?.history.at(-1)?.revision);
  });

  bootContract(test, open);

  test('revisions are listed for one name or for all', async (t) => {
    const records = await open(t);
    const made = ['a', 'b', 'a'].map((name) => revision({ name }));
    for (const to of made) await records.write([{ kind: 'profile', to }]);
    t.deepEqual((await records.listProfiles({ limit: 10 }, 'a')).items, [made[0], made[2]]);
    t.deepEqual((await records.listProfiles({ limit: 10 })).items, made);
    const page = await records.listProfiles({ limit: 1 }, 'a');
    t.deepEqual(await records.listProfiles({ limit: 1, ...(page.next && { cursor: page.next }) }, 'a'), {
      items: [made[2]],
    });
    t.deepEqual(await records.listProfiles({ limit: 10 }, 'c'), { items: [] });
  });

  test('pages that are read while others write show everything once, in the order of creation', async (t) => {
    const records = await open(t);
    const create = async () => {
      const id = newId();
      await createMachine(records, machine({ id }));
      await createProfile(records, revision({ id }));
      const named = asset({ id, version: id });
      await createAsset(records, named);
      await records.addBootEntry(bootEntry({ fresh: id }));
      await records.updatePending([pending({ id })]);
      await records.write(
        [
          { kind: 'rule', id, expected: 0, to: rule({ id }) },
          { kind: 'token', id, expected: 0, to: token({ id }) },
        ],
        [auditEntry({ id })],
      );
      return id;
    };
    const ids: string[] = [];
    for (let n = 0; n < 6; n += 1) ids.push(await create());
    for (const list of listsOf(records)) {
      const seen: string[] = [];
      let page = await list({ limit: 3 });
      for (;;) {
        seen.push(...page.items.map(({ id }) => id));
        if (!page.next) break;
        t.is(page.items.length, 3);
        if (seen.length < 6) ids.push(await create(), await create());
        page = await list({ limit: 3, cursor: page.next });
      }
      t.deepEqual(seen, ids);
      t.is((await list({ limit: ids.length })).next, undefined);
    }
  });

  test('a cursor opens the same page again, and one that no list returned is refused', async (t) => {
    const records = await open(t);
    for (const id of [newId(), newId(), newId()]) await createMachine(records, machine({ id }));
    const { next = '' } = await records.listMachines({ limit: 1 });
    const page = await records.listMachines({ limit: 1, cursor: next });
    t.regex(next, /^[A-Za-z0-9_-]+$/);
    t.deepEqual(await records.listMachines({ limit: 1, cursor: next }), page);
    const broken = ['', '0', 'null', '../..', '%00', '🐢', `${next}=`, ` ${next}`, 'A'.repeat(10_000)];
    for (const list of listsOf(records))
      for (const cursor of broken)
        await t.throwsAsync(list({ limit: 1, cursor }), { instanceOf: BadCursor }, cursor);
  });
}

function listsOf(records: Records): ((page: PageRequest) => Promise<Page<{ readonly id: string }>>)[] {
  return [
    (page) => records.listMachines(page),
    (page) => records.listProfiles(page),
    (page) => records.listAssets({}, page),
    (page) => records.listBoots(undefined, page),
    (page) => records.listPending(page),
    (page) => records.listRules(page),
    (page) => records.listTokens(page),
    (page) => records.listAudit(page),
  ];
}
