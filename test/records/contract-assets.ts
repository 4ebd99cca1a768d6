import type { TestFn } from 'ava';
import type { Asset, AssetState } from '../../src/boot/asset/asset.ts';
import type { Upload, UploadState } from '../../src/boot/asset/upload.ts';
import type { Records } from '../../src/records/records.ts';
import { asset, at, newId, uploadOf } from './examples.ts';
import type { OpenRecords } from './open-records.ts';
import { changeAsset, createAsset } from './writing.ts';

/** The part of the contract about assets and their uploads. */
export function assetContract(test: TestFn, open: OpenRecords): void {
  /** What the store says where the asset is not as expected. */
  const changed = ({ id }: Asset) => ({ kind: 'changed', what: 'asset', id });
  /** The same asset with the upload of a later announcement, as it replaces the one before. */
  const retaken = (before: Asset, later: Asset): Asset => ({
    ...later,
    id: before.id,
    created_at: before.created_at,
  });
  const retake = (records: Records, before: Asset, later: Asset) => {
    const to = retaken(before, later);
    const { state, upload_id, updated_at } = before;
    return records.write([
      { kind: 'asset', of: before, expected: { state, upload_id, updated_at }, to },
      { kind: 'upload', expected: undefined, to: uploadOf(to) },
    ]);
  };

  test('an asset is made with its upload, where nothing has its name', async (t) => {
    const records = await open(t);
    const given = asset({ failure: 'größer als 🐢' });
    t.is(await createAsset(records, given), 'written');
    t.deepEqual(await records.asset(given.id), given);
    t.deepEqual(await records.namedAsset(given), given);
    t.deepEqual(await records.upload(given.upload_id), uploadOf(given));
  });

  test('a new upload takes over an asset, whose id stays', async (t) => {
    const records = await open(t);
    const first = asset({ size: 1, created_at: at(1), sha256: 'old' });
    await createAsset(records, first);
    const second = asset({ size: 2, created_at: at(2), updated_at: at(2) });
    t.is(await retake(records, first, second), 'written');
    const taken = retaken(first, second);
    t.deepEqual(await records.asset(first.id), taken);
    t.deepEqual(await records.namedAsset(first), taken);
    t.deepEqual(await records.upload(second.upload_id), uploadOf(second, { asset_id: first.id }));
    t.deepEqual(await records.upload(first.upload_id), uploadOf(first));
    t.is(await records.asset(second.id), undefined);
    t.deepEqual((await records.listAssets({}, { limit: 10 })).items, [taken]);
  });

  for (const state of ['created', 'uploading', 'verifying', 'ready', 'retired'] as const)
    test(`where an asset of that name is ${state}, none is made, nor an upload`, async (t) => {
      const records = await open(t);
      const first = asset({ state });
      await createAsset(records, first);
      const second = asset({ size: 2 });
      t.deepEqual(await createAsset(records, second), changed(second));
      t.deepEqual(await createAsset(records, { ...first, size: 2 }), changed(first));
      t.deepEqual(await records.namedAsset(first), first);
      t.is(await records.upload(second.upload_id), undefined);
    });

  test('uploads for one name at once, each tried until it is written, share one asset, which is the last one’s', async (t) => {
    const records = await open(t);
    const rivals = Array.from({ length: 20 }, (_, size) => asset({ size }));
    const announce = async (rival: Asset): Promise<string> => {
      const known = await records.namedAsset(rival);
      const written = await (known ? retake(records, known, rival) : createAsset(records, rival));
      return written === 'written' ? (known ?? rival).id : announce(rival);
    };
    const ids = new Set(await Promise.all(rivals.map(announce)));
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
      ...['6.2+deb12u1', '6.2~rc1', '1:6.2', '1:6.2:arm64', '1:6.2:x86_64', '6.2:arm64'].flatMap((version) =>
        (['x86_64', 'arm64'] as const).map((arch) => asset({ version, arch })),
      ),
    ];
    for (const each of all) t.is(await createAsset(records, each), 'written');
    for (const each of all) t.deepEqual(await records.namedAsset(each), each);
  });

  test('an asset with a filename is another one than its image has without, or with another', async (t) => {
    const records = await open(t);
    const all = [
      asset({ kind: 'efi' }),
      ...['grubx64.efi', 'mmx64.efi', 'x86_64'].map((filename) => asset({ kind: 'efi', filename })),
      asset({ kind: 'efi', version: '1:x86_64' }),
      asset({ kind: 'file', filename: 'grubx64.efi' }),
    ];
    for (const each of all) t.is(await createAsset(records, each), 'written');
    for (const each of all) t.deepEqual(await records.namedAsset(each), each);
    const again = asset({ kind: 'efi', filename: 'grubx64.efi' });
    t.not(await createAsset(records, again), 'written');
    t.is(await records.namedAsset({ ...again, filename: 'revocations.efi' }), undefined);
  });

  test('an asset changes only when it is as expected', async (t) => {
    const records = await open(t);
    const before = asset({ state: 'verifying' });
    const open_ = uploadOf(before);
    await createAsset(records, before, open_);
    const { upload_id } = before;
    const ready = { ...before, state: 'ready', generation: '17', sha256: 'ab', ready_at: at(9) } as const;
    const done = { ...open_, state: 'done' } as const;
    t.deepEqual(await changeAsset(records, ready, { state: 'created', upload_id }, done), changed(before));
    t.deepEqual(
      await changeAsset(records, ready, { state: 'verifying', upload_id: newId() }, done),
      changed(before),
    );
    const unknown = { ...ready, id: newId() };
    t.deepEqual(
      await changeAsset(records, unknown, { state: 'verifying', upload_id }, done),
      changed(unknown),
    );
    const nowhere = { ...ready, version: 'other' };
    t.deepEqual(
      await changeAsset(records, nowhere, { state: 'verifying', upload_id }, done),
      changed(before),
    );
    t.deepEqual(await records.asset(before.id), before);
    t.deepEqual(await records.upload(open_.id), open_);

    t.is(await changeAsset(records, ready, { state: 'verifying', upload_id }, done), 'written');
    t.deepEqual(await records.asset(before.id), ready);
    t.deepEqual(await records.namedAsset(before), ready);
    t.deepEqual(await records.upload(open_.id), done);

    const retired = { ...ready, state: 'retired' } as const;
    t.is(await changeAsset(records, retired, { state: 'ready', upload_id }), 'written');
    t.deepEqual(await records.upload(open_.id), done);
  });

  test('an upload changes only from the state that is expected, and nothing else does without it', async (t) => {
    const records = await open(t);
    const before = asset();
    await createAsset(records, before);
    const { state, upload_id } = before;
    const to = { ...before, failure: 'its upload is aborted' };
    const stale = { kind: 'changed', what: 'upload', id: upload_id };
    const aborted = uploadOf(before, { state: 'aborted' });
    const write = (expected: UploadState | undefined, upload: Upload) =>
      records.write([
        { kind: 'asset', of: before, expected: { state, upload_id }, to },
        { kind: 'upload', expected, to: upload },
      ]);
    t.deepEqual(await write('done', aborted), stale);
    t.deepEqual(await write(undefined, aborted), stale);
    const unknown = newId();
    t.deepEqual(await write('open', { ...aborted, id: unknown }), { ...stale, id: unknown });
    t.deepEqual(await records.asset(before.id), before);
    t.deepEqual(await records.upload(upload_id), uploadOf(before));
    t.is(await write('open', aborted), 'written');
    t.deepEqual(await write('open', uploadOf(before, { state: 'expired' })), stale);
    t.deepEqual(await records.upload(upload_id), aborted);
  });

  test('an asset that must not have changed at all is left alone when it has', async (t) => {
    const records = await open(t);
    const before = asset({ state: 'retired', updated_at: at(1) });
    await createAsset(records, before);
    const { upload_id } = before;
    const expected = { state: 'retired', upload_id, updated_at: at(1) } as const;
    const touched = { ...before, updated_at: at(2) };
    t.is(await changeAsset(records, touched, expected), 'written');
    t.deepEqual(await changeAsset(records, { ...before, updated_at: at(3) }, expected), changed(before));
    const gone = { kind: 'asset', of: touched, expected, to: undefined } as const;
    t.deepEqual(await records.write([gone]), changed(before));
    t.deepEqual(await records.asset(before.id), touched);
    t.is(await records.write([{ ...gone, expected: { ...expected, updated_at: at(2) } }]), 'written');
    t.is(await records.asset(before.id), undefined);
  });

  test('uploads are listed in the order of creation, by state, and keep their place when they end', async (t) => {
    const records = await open(t);
    const assets = Array.from({ length: 5 }, (_, n) => asset({ version: String(n) }));
    for (const each of assets) await createAsset(records, each);
    const [first, , third] = assets;
    if (!first || !third) throw new Error('there are five');
    for (const [each, state] of [
      [third, 'aborted'],
      [first, 'expired'],
    ] as const) {
      const { upload_id } = each;
      const over = uploadOf(each, { state });
      t.is(await changeAsset(records, each, { state: 'created', upload_id }, over), 'written');
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
    await createAsset(records, before);
    const changes = Array.from({ length: 20 }, (_, n) => ({
      ...before,
      state: 'verifying' as const,
      size: n,
    }));
    const expected = { state: 'created' as const, upload_id: before.upload_id };
    const results = await Promise.all(changes.map((change) => changeAsset(records, change, expected)));
    t.is(results.filter((result) => result === 'written').length, 1);
    t.deepEqual(await records.asset(before.id), changes[results.indexOf('written')]);
  });

  test('assets are listed by any part of their name and by state', async (t) => {
    const records = await open(t);
    const states: AssetState[] = ['created', 'ready', 'retired'];
    const all = states.flatMap((state) =>
      (['kernel', 'iso'] as const).flatMap((kind) =>
        ['a', 'b'].map((name) => asset({ state, kind, name, version: state })),
      ),
    );
    for (const each of all) await createAsset(records, each);
    const filters = [
      { kind: 'kernel' },
      { name: 'b' },
      { version: 'ready' },
      { state: 'retired' },
      { kind: 'iso', name: 'a', version: 'created', state: 'created' },
      { kind: 'initrd' },
      { arch: 'x86_64' },
      { arch: 'arm64' },
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
    for (const each of [newest, older, ...others]) await createAsset(records, each);
    t.deepEqual(await records.newestAsset(which), newest);
    const retired = { ...newest, state: 'retired' } as const;
    const { upload_id } = newest;
    t.is(await changeAsset(records, retired, { state: 'ready', upload_id }), 'written');
    t.deepEqual(await records.newestAsset(which), older);
  });

  test('the newest asset has no filename, however many of its image came after it', async (t) => {
    const records = await open(t);
    const first = asset({ kind: 'efi', name: 'shim', state: 'ready', ready_at: at(1) });
    const beside = Array.from({ length: 20 }, (_, n) =>
      asset({ kind: 'efi', name: 'shim', state: 'ready', ready_at: at(2), filename: `${n}.efi` }),
    );
    const which = { kind: 'efi', name: 'shim', arch: 'x86_64' } as const;
    for (const each of beside) await createAsset(records, each);
    t.is(await records.newestAsset(which), undefined);
    await createAsset(records, first);
    t.deepEqual(await records.newestAsset(which), first);
  });

  test('the assets of an image are all that are ready of its name', async (t) => {
    const records = await open(t);
    const mine = [
      asset({ state: 'ready' }),
      asset({ state: 'ready', kind: 'initrd' }),
      asset({ state: 'ready', version: '6.2', arch: 'arm64' }),
      asset({ state: 'ready', kind: 'iso' }),
      asset({ state: 'ready', kind: 'rootfs' }),
      asset({ state: 'ready', kind: 'file', filename: 'preseed.cfg' }),
    ];
    const others = [
      asset({ state: 'ready', name: 'debian' }),
      asset({ state: 'verifying', version: '7' }),
      asset({ state: 'retired', version: '5' }),
    ];
    for (const each of [...mine, ...others]) await createAsset(records, each);
    const found = await records.imageAssets('debian-12');
    t.deepEqual(found.map(({ id }) => id).toSorted(), mine.map(({ id }) => id).toSorted());
    t.deepEqual(
      found.find(({ id }) => id === mine[0]?.id),
      mine[0],
    );
  });

  test('what is damaged is told, in whatever state, until it is whole again', async (t) => {
    const records = await open(t);
    t.deepEqual(await records.damagedAssets(), []);
    const ready = asset({ state: 'ready' });
    const retired = asset({ state: 'retired', kind: 'initrd' });
    for (const each of [ready, retired, asset({ state: 'ready', kind: 'iso' })])
      await createAsset(records, each);
    const known = (one: Asset) => ({ state: one.state, upload_id: one.upload_id });
    for (const one of [ready, retired])
      t.is(
        await changeAsset(records, { ...one, condition: 'damaged', damage: `of ${one.kind}` }, known(one)),
        'written',
      );
    const told = await records.damagedAssets();
    t.deepEqual(
      told.toSorted((one, other) => (one.damage < other.damage ? -1 : 1)),
      [
        { id: retired.id, damage: 'of initrd' },
        { id: ready.id, damage: 'of kernel' },
      ],
    );
    const { items } = await records.listAssets({ condition: 'damaged' }, { limit: 9 });
    t.deepEqual(
      items.map(({ id }) => id),
      [ready.id, retired.id],
    );
    t.is(await changeAsset(records, ready, known(ready)), 'written');
    t.deepEqual(await records.damagedAssets(), [{ id: retired.id, damage: 'of initrd' }]);
  });
}
