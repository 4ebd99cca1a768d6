import type { TestFn } from 'ava';
import type { Asset, AssetState } from '../../src/boot/asset.ts';
import type { Records } from '../../src/records/records.ts';
import { asset, at, newId, uploadOf } from './examples.ts';
import type { OpenRecords } from './open-records.ts';

/** The part of the contract about assets and their uploads. */
export function assetContract(test: TestFn, open: OpenRecords): void {
  test('an upload announces its asset', async (t) => {
    const records = await open(t);
    const given = asset({ failure: 'größer als 🐢' });
    t.deepEqual(await records.createUpload(uploadOf(given), given), { kind: 'created', asset: given });
    t.deepEqual(await records.asset(given.id), given);
    t.deepEqual(await records.namedAsset(given), given);
    t.deepEqual(await records.upload(given.upload_id), uploadOf(given));
  });

  for (const state of ['created', 'uploading'] as const)
    test(`a new upload takes over an asset that is ${state}`, async (t) => {
      const records = await open(t);
      const first = asset({ state, size: 1, created_at: at(1), sha256: 'old' });
      await records.createUpload(uploadOf(first), first);
      const second = asset({ size: 2, created_at: at(2), updated_at: at(2) });
      const taken = { ...second, id: first.id, created_at: first.created_at };
      t.deepEqual(await records.createUpload(uploadOf(second), second), { kind: 'created', asset: taken });
      t.deepEqual(await records.namedAsset(first), taken);
      t.deepEqual(await records.upload(second.upload_id), uploadOf(second, { asset_id: first.id }));
      t.deepEqual(await records.upload(first.upload_id), uploadOf(first));
      t.is(await records.asset(second.id), undefined);
      t.deepEqual((await records.listAssets({}, { limit: 10 })).items, [taken]);
    });

  for (const state of ['verifying', 'ready', 'retired'] as const)
    test(`an asset that is ${state} stays as it is, and the new upload is not created`, async (t) => {
      const records = await open(t);
      const first = asset({ state });
      await records.createUpload(uploadOf(first), first);
      const second = asset({ size: 2 });
      t.deepEqual(await records.createUpload(uploadOf(second), second), {
        kind: 'asset-exists',
        asset: first,
      });
      t.deepEqual(await records.namedAsset(first), first);
      t.is(await records.upload(second.upload_id), undefined);
    });

  test('uploads for one name at once share one asset, which is the last one’s', async (t) => {
    const records = await open(t);
    const rivals = Array.from({ length: 20 }, (_, size) => asset({ size }));
    const results = await Promise.all(rivals.map((each) => records.createUpload(uploadOf(each), each)));
    const ids = new Set(results.map((result) => result.asset.id));
    t.is(ids.size, 1);
    const { items } = await records.listAssets({}, { limit: 100 });
    t.is(items.length, 1);
    const winner = rivals.find(({ upload_id }) => upload_id === items[0]?.upload_id);
    t.is(items[0]?.size, winner?.size);
    for (const { upload_id } of rivals) t.is((await records.upload(upload_id))?.asset_id, items[0]?.id);
  });

  test('assets that differ in kind, name, version or arch are different assets', async (t) => {
    const records = await open(t);
    const all = [
      asset(),
      asset({ kind: 'initrd' }),
      asset({ name: 'debian-13' }),
      asset({ version: '6.2' }),
      asset({ arch: 'arm64' }),
    ];
    for (const each of all) t.is((await records.createUpload(uploadOf(each), each)).kind, 'created');
    for (const each of all) t.deepEqual(await records.namedAsset(each), each);
  });

  test('an asset changes only when it is as expected', async (t) => {
    const records = await open(t);
    const before = asset({ state: 'verifying' });
    const open_ = uploadOf(before);
    await records.createUpload(open_, before);
    const ready = { ...before, state: 'ready', generation: '17', sha256: 'ab', ready_at: at(9) } as const;
    const done = { ...open_, state: 'done' } as const;
    t.false(await records.changeAsset(ready, { state: 'created', upload_id: before.upload_id }, done));
    t.false(await records.changeAsset(ready, { state: 'verifying', upload_id: newId() }, done));
    const unknown = { ...ready, id: newId() };
    t.false(await records.changeAsset(unknown, { state: 'verifying', upload_id: before.upload_id }, done));
    t.deepEqual(await records.asset(before.id), before);
    t.deepEqual(await records.upload(open_.id), open_);

    t.true(await records.changeAsset(ready, { state: 'verifying', upload_id: before.upload_id }, done));
    t.deepEqual(await records.asset(before.id), ready);
    t.deepEqual(await records.namedAsset(before), ready);
    t.deepEqual(await records.upload(open_.id), done);

    const retired = { ...ready, state: 'retired' } as const;
    t.true(await records.changeAsset(retired, { state: 'ready', upload_id: before.upload_id }));
    t.deepEqual(await records.upload(open_.id), done);
  });

  test('an asset that must not have changed at all is left alone when it has', async (t) => {
    const records = await open(t);
    const before = asset({ state: 'retired', updated_at: at(1) });
    await records.createUpload(uploadOf(before), before);
    const { upload_id } = before;
    const expected = { state: 'retired', upload_id, updated_at: at(1) } as const;
    const touched = { ...before, updated_at: at(2) };
    t.true(await records.changeAsset(touched, expected));
    t.false(await records.changeAsset({ ...before, updated_at: at(3) }, expected));
    const gone = { kind: 'asset', of: touched, expected, to: undefined } as const;
    t.deepEqual(await records.write([gone]), { kind: 'changed', what: 'asset', id: before.id });
    t.deepEqual(await records.asset(before.id), touched);
    t.is(await records.write([{ ...gone, expected: { ...expected, updated_at: at(2) } }]), 'written');
    t.is(await records.asset(before.id), undefined);
  });

  test('uploads are listed in the order of creation, by state, and keep their place when they end', async (t) => {
    const records = await open(t);
    const assets = Array.from({ length: 5 }, (_, n) => asset({ version: String(n) }));
    for (const each of assets) await records.createUpload(uploadOf(each), each);
    const [first, , third] = assets;
    if (!first || !third) throw new Error('there are five');
    for (const [each, state] of [
      [third, 'aborted'],
      [first, 'expired'],
    ] as const) {
      const { upload_id } = each;
      t.true(await records.changeAsset(each, { state: 'created', upload_id }, uploadOf(each, { state })));
    }
    const ids = async (filter: Parameters<Records['listUploads']>[0], limit: number) => {
      const found: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await records.listUploads(filter, { limit, ...(cursor && { cursor }) });
        found.push(...page.items.map(({ id }) => id));
        cursor = page.next;
      } while (cursor);
      return found;
    };
    const all = assets.map(({ upload_id }) => upload_id);
    t.deepEqual(await ids({}, 2), all);
    t.deepEqual(await ids({ state: 'open' }, 2), [all[1], all[3], all[4]]);
    t.deepEqual(await ids({ state: 'expired' }, 10), [all[0]]);
    t.deepEqual(await ids({ state: 'done' }, 10), []);
  });

  test('of many changes at once that expect the same, one happens', async (t) => {
    const records = await open(t);
    const before = asset();
    await records.createUpload(uploadOf(before), before);
    const changes = Array.from({ length: 20 }, (_, n) => ({
      ...before,
      state: 'verifying' as const,
      size: n,
    }));
    const expected = { state: 'created' as const, upload_id: before.upload_id };
    const results = await Promise.all(changes.map((change) => records.changeAsset(change, expected)));
    t.is(results.filter(Boolean).length, 1);
    t.deepEqual(await records.asset(before.id), changes[results.indexOf(true)]);
  });

  test('assets are listed by any part of their name and by state', async (t) => {
    const records = await open(t);
    const states: AssetState[] = ['created', 'ready', 'retired'];
    const all = states.flatMap((state) =>
      (['kernel', 'iso'] as const).flatMap((kind) =>
        ['a', 'b'].map((name) => asset({ state, kind, name, version: state })),
      ),
    );
    for (const each of all) await records.createUpload(uploadOf(each), each);
    const filters = [
      { kind: 'kernel' },
      { name: 'b' },
      { version: 'ready' },
      { state: 'retired' },
      { kind: 'iso', name: 'a', version: 'created', state: 'created' },
      { kind: 'initrd' },
    ] as const;
    for (const filter of filters) {
      const wanted = all.filter((each) =>
        Object.entries(filter).every(([key, value]) => each[key as keyof typeof each] === value),
      );
      t.deepEqual((await records.listAssets(filter, { limit: 100 })).items, wanted, JSON.stringify(filter));
    }
    const { next = '' } = await records.listAssets({ kind: 'iso' }, { limit: 5 });
    t.deepEqual(await records.listAssets({ kind: 'iso' }, { limit: 5, cursor: next }), {
      items: all.filter(({ kind }) => kind === 'iso').slice(5),
    });
  });

  test('the newest asset is the one that became ready last, of that kind, name and arch', async (t) => {
    const records = await open(t);
    const ipxe = (is: Partial<Asset>) => asset({ kind: 'efi', name: 'ipxe', state: 'ready', ...is });
    const older = ipxe({ version: '3', ready_at: at(1) });
    const newest = ipxe({ version: '1', ready_at: at(2) });
    const others = [
      ipxe({ version: '2', state: 'created' }),
      ipxe({ version: '4', state: 'verifying' }),
      ipxe({ version: '5', state: 'retired', ready_at: at(9) }),
      ipxe({ arch: 'arm64', ready_at: at(9) }),
      ipxe({ kind: 'iso', ready_at: at(9) }),
      ipxe({ name: 'ipxe-2', ready_at: at(9) }),
    ];
    const which = { kind: 'efi', name: 'ipxe', arch: 'x86_64' } as const;
    t.is(await records.newestAsset(which), undefined);
    for (const each of [newest, older, ...others]) await records.createUpload(uploadOf(each), each);
    t.deepEqual(await records.newestAsset(which), newest);
    const retired = { ...newest, state: 'retired' } as const;
    t.true(await records.changeAsset(retired, { state: 'ready', upload_id: newest.upload_id }));
    t.deepEqual(await records.newestAsset(which), older);
  });

  test('the assets of an image are the ready kernels and initrds of its name', async (t) => {
    const records = await open(t);
    const mine = [
      asset({ state: 'ready' }),
      asset({ state: 'ready', kind: 'initrd' }),
      asset({ state: 'ready', version: '6.2', arch: 'arm64' }),
    ];
    const others = [
      asset({ state: 'ready', kind: 'iso' }),
      asset({ state: 'ready', name: 'debian' }),
      asset({ state: 'verifying', version: '7' }),
      asset({ state: 'retired', version: '5' }),
    ];
    for (const each of [...mine, ...others]) await records.createUpload(uploadOf(each), each);
    const found = await records.imageAssets('debian-12');
    t.deepEqual(found.map(({ id }) => id).toSorted(), mine.map(({ id }) => id).toSorted());
    t.deepEqual(
      found.find(({ id }) => id === mine[0]?.id),
      mine[0],
    );
  });
}
