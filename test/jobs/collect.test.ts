import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import anyTest, { type TestFn } from 'ava';
import type { Asset } from '../../src/boot/asset/asset.ts';
import { type CollectParts, collect, deleteCondemned, graceMs } from '../../src/jobs/collect.ts';
import { rule } from '../records/examples.ts';
import {
  addMachine,
  addProfile,
  announce,
  type Broker,
  byBroker,
  expectStatus,
  push,
  recorder,
  send,
  startBroker,
} from '../support/broker.ts';

const test = anyTest as TestFn<Broker>;
test.beforeEach(async (t) => {
  t.context = await startBroker();
});
test.afterEach.always((t) => t.context?.close());

const dayMs = 24 * 3600 * 1000;

const partsOf = (broker: Broker, aheadMs = 0): CollectParts => ({
  ...broker.parts,
  bucket: broker.config.bucket,
  clock: () => new Date(Date.now() + aheadMs),
  log: recorder([]),
  audit: byBroker,
});
/** What becomes of each asset, by name. */
const collected = async (
  broker: Broker,
  aheadMs = 0,
  how: { dryRun?: boolean; orphanAgeMs?: number } = {},
) => {
  const all = await collect(partsOf(broker, aheadMs), { dryRun: false, orphanAgeMs: 14 * dayMs, ...how });
  return { ...all, fates: Object.fromEntries(all.assets.map(({ asset, fate }) => [asset.name, fate])) };
};
const kernel = (broker: Broker, name: string) =>
  push(broker, { kind: 'kernel', name, bytes: randomBytes(1000) });
const retire = async (broker: Broker, { id }: Asset): Promise<Asset> =>
  expectStatus(await broker.admin(`/api/v1/assets/${id}/retire`, {}), 200).json;
const isThere = async ({ parts }: Broker, { id, bucket, object }: Asset) =>
  [await parts.records.asset(id), await parts.blobs.stat(bucket, object)].map((one) => one !== undefined);

test('what nothing refers to is condemned, and deleted an hour later; a dry run only says so', async (t) => {
  const broker = t.context;
  const asset = await retire(broker, await kernel(broker, 'old'));
  await kernel(broker, 'in-use');
  t.deepEqual((await collected(broker, 0, { dryRun: true })).fates, { old: 'condemned' });
  t.deepEqual(await broker.parts.records.asset(asset.id), asset);
  t.like(await collected(broker), { fates: { old: 'condemned' }, bytes: 0 });
  t.is(await deleteCondemned(partsOf(broker, graceMs - 60_000)), 0);
  t.like(await collected(broker, graceMs + 60_000, { dryRun: true }), {
    fates: { old: 'deleted' },
    bytes: 1000,
  });
  t.deepEqual(await isThere(broker, asset), [true, true]);
  t.like(await collected(broker, graceMs + 60_000), { fates: { old: 'deleted' }, bytes: 1000 });
  t.deepEqual(await isThere(broker, asset), [false, false]);
  t.is((await kernel(broker, 'old')).state, 'ready', 'its name is free');
});

test('by HTTP: a dry run by a query, and the next round of the jobs deletes what was condemned', async (t) => {
  const broker = t.context;
  const asset = await retire(broker, await kernel(broker, 'old'));
  const gc = async (query = '') =>
    expectStatus(await broker.admin(`/api/v1/assets/gc${query}`, {}), 200).json;
  t.like(await gc('?dry_run=1'), { dry_run: true, orphans: [], bytes: 0 });
  t.is((await broker.parts.records.asset(asset.id))?.condemned_at, undefined);
  const { assets } = await gc();
  t.like(assets[0], { fate: 'condemned', asset: { id: asset.id } });
  t.regex(assets[0].because, /^deleted from \S+ on$/);
  t.is(await deleteCondemned(partsOf(broker, graceMs + 60_000)), 1);
  t.deepEqual(await isThere(broker, asset), [false, false]);
  t.is((await broker.admin('/api/v1/assets/gc?orphan_days=1', {})).status, 400);
});

test('what a machine or a rule has, had or is getting, and the newest of each name, goes on booting', async (t) => {
  const broker = t.context;
  const { records } = broker.parts;
  const names = ['active', 'history', 'named', 'rule-active', 'rule-history', 'rollout', 'superseded'];
  const assets = new Map<string, Asset>();
  for (const name of names) assets.set(name, await kernel(broker, name));
  const { id: machine_id } = await addMachine(broker, { macs: ['52:54:00:aa:bb:01'] });
  const revision = async (name: string, kernel: string, more = {}) =>
    (await addProfile(broker, { name, kernel: `${kernel}@1`, ...more })).id;
  await revision('m', 'history', { machine_id });
  const booted = await revision('m', 'active', { machine_id });
  await revision('n', 'superseded');
  await revision('n', 'named');
  const ruled = [];
  for (const kernel of ['rule-history', 'rule-active', 'rollout', 'named'])
    ruled.push(await revision('r', kernel));
  const [past = '', active = '', next = ''] = ruled;
  const at = new Date().toISOString();
  const to = rule({
    active,
    history: [{ revision: past, at }],
    rollout: { revision: next, percent: 5, started_at: at },
  });
  t.is(await records.write([{ kind: 'rule', id: to.id, expected: 0, to }]), 'written');

  for (const asset of assets.values()) await retire(broker, asset);
  const kept = Object.fromEntries(names.map((name) => [name, 'kept']));
  t.deepEqual((await collected(broker)).fates, { ...kept, superseded: 'condemned' });
  const last = await collected(broker, graceMs + 60_000);
  t.deepEqual(last.fates, { ...kept, superseded: 'deleted' });
  t.regex(last.assets.find(({ asset }) => asset.name === 'rollout')?.because ?? '', /^rule \S+ \(revision /);
  for (const [name, asset] of assets)
    t.deepEqual(await isThere(broker, asset), name === 'superseded' ? [false, false] : [true, true], name);
  t.is((await broker.boot(`/asset/${booted}/kernel?machine=${machine_id}`)).status, 200);
  t.is(
    (await broker.boot('/assets/active:1:x86_64/kernel')).status,
    200,
    'who names exactly this one gets it',
  );
  t.is((await broker.boot('/assets/active/kernel')).status, 404, 'it is the newest of nothing');
});

test('no new profile may name what is retired; taken back, it may', async (t) => {
  const broker = t.context;
  const asset = await retire(broker, await kernel(broker, 'k'));
  const create = () => broker.admin('/api/v1/profiles', { name: 'p', kernel: 'k@1' });
  const refused = await create();
  t.is(refused.status, 422);
  t.regex(refused.json.detail, /kernel k@1 for x86_64 is retired/);
  await collected(broker);
  t.truthy((await broker.parts.records.asset(asset.id))?.condemned_at);
  const back = expectStatus(await broker.admin(`/api/v1/assets/${asset.id}/unretire`, {}), 200).json;
  t.like(back, { state: 'ready', condemned_at: undefined, retired_at: undefined });
  t.is((await create()).status, 201);
  t.deepEqual((await collected(broker, graceMs + 60_000)).fates, {});
  t.deepEqual(await isThere(broker, asset), [true, true]);
  t.is((await broker.admin('/api/v1/assets/nothing/retire', {})).status, 404);
  const { asset_id } = await announce(broker, { kind: 'kernel', name: 'new', bytes: Buffer.from('new') });
  t.is((await broker.admin(`/api/v1/assets/${asset_id}/retire`, {})).status, 422);
});

test('what is referred to once more is reprieved; what was taken back and retired again begins anew', async (t) => {
  const broker = t.context;
  const [first, second] = [await kernel(broker, 'first'), await kernel(broker, 'second')];
  const { id } = await addProfile(broker, { name: 'p', kernel: 'first@1' });
  await addProfile(broker, { name: 'p', kernel: 'second@1' });
  for (const asset of [first, second]) await retire(broker, asset);
  t.deepEqual((await collected(broker)).fates, { first: 'condemned', second: 'kept' });
  const to = rule({ active: id });
  await broker.parts.records.write([{ kind: 'rule', id: to.id, expected: 0, to }]);
  t.is(await deleteCondemned(partsOf(broker, graceMs + 60_000)), 0);
  t.is((await broker.parts.records.asset(first.id))?.condemned_at, undefined);
  await broker.parts.records.write([{ kind: 'rule', id: to.id, expected: 1, to: undefined }]);
  t.is(await deleteCondemned(partsOf(broker, graceMs + 60_000)), 0, 'it is not condemned any more');
  t.is((await collected(broker)).fates.first, 'condemned');
  for (const what of ['unretire', 'retire']) await broker.admin(`/api/v1/assets/${first.id}/${what}`, {});
  t.is((await collected(broker, graceMs + 60_000)).fates.first, 'condemned');
  t.deepEqual(await isThere(broker, first), [true, true]);
});

test('profiles that are made while their assets are retired and collected never lose one', async (t) => {
  const broker = t.context;
  const seen = { created: 0, refused: 0, deleted: 0 };
  const rounds = 25;
  await Promise.all(
    Array.from({ length: rounds }, async (_, round) => {
      const asset = await kernel(broker, `k-${round}`);
      const initrd = await push(broker, { kind: 'initrd', name: `k-${round}`, bytes: randomBytes(100) });
      const create = async () => {
        await sleep(Math.random() * 20);
        const profile = {
          name: `p-${round}`,
          kernel: `k-${round}@1`,
          initrds: [`k-${round}@1`, `k-${round}@1`],
        };
        return broker.admin('/api/v1/profiles', profile);
      };
      const sweep = async () => {
        await sleep(Math.random() * 20);
        for (const one of [asset, initrd]) await retire(broker, one);
        for (const aheadMs of [0, 2 * graceMs]) await collected(broker, aheadMs);
      };
      const [created] = await Promise.all([create(), sweep()]);
      await collected(broker, 2 * graceMs);
      const isSafe = created.status === 201;
      t.true(isSafe || created.status === 422, created.text);
      seen[isSafe ? 'created' : 'refused'] += 1;
      for (const one of [asset, initrd]) {
        const there = await isThere(broker, one);
        t.is(there[0], there[1]);
        if (isSafe) t.deepEqual(there, [true, true], created.text);
        else if (!there[0]) seen.deleted += 1;
      }
    }),
  );
  t.log(seen);
  t.is(seen.created + seen.refused, rounds);
});

test('a profile whose asset is retired and deleted between its reading and its writing is refused', async (t) => {
  let meanwhile = async () => {};
  const broker = await startBroker({
    replace: ({ records }) => ({
      records: {
        ...records,
        namedAsset: async (name) => {
          const found = await records.namedAsset(name);
          await meanwhile();
          return found;
        },
      },
    }),
  });
  t.teardown(broker.close);
  const asset = await kernel(broker, 'k');
  meanwhile = async () => {
    meanwhile = async () => {};
    await retire(broker, asset);
    for (const aheadMs of [0, 2 * graceMs]) await collected(broker, aheadMs);
  };
  const { status, json } = await broker.admin('/api/v1/profiles', { name: 'p', kernel: 'k@1' });
  t.is(status, 422);
  t.regex(json.detail, /^There is no kernel k@1 for x86_64/);
  t.deepEqual((await broker.parts.records.listProfiles({ limit: 10 })).items, []);
});

test('objects that no record knows go when they are old; open uploads and assets keep theirs', async (t) => {
  const broker = t.context;
  const { blobs, records } = broker.parts;
  const asset = await kernel(broker, 'k');
  const open = await announce(broker, { kind: 'kernel', name: 'open', bytes: Buffer.from('open') });
  await send(open, Buffer.from('open'));
  // What a broker leaves that dies between the record of an abort and the bytes.
  const aborted = await announce(broker, { kind: 'kernel', name: 'aborted', bytes: Buffer.from('aborted') });
  const upload = await records.upload(aborted.id);
  if (!upload) throw new Error('there is no upload');
  await broker.admin(`/api/v1/uploads/${aborted.id}`, undefined, { method: 'DELETE' });
  await send(aborted, Buffer.from('aborted'));
  await blobs.put('assets/strange', Buffer.from('strange'));
  await blobs.put('elsewhere', Buffer.from('elsewhere'));
  const lost = ['assets/strange', upload.object].sort();

  const objects = async (aheadMs: number, dryRun = false) =>
    (await collected(broker, aheadMs, { dryRun })).orphans.map(({ object }) => object).sort();
  t.deepEqual(await objects(13 * dayMs), []);
  t.deepEqual(await objects(15 * dayMs, true), lost);
  t.like(await collected(broker, 15 * dayMs), { orphans: { length: 2 }, bytes: 14 });
  t.deepEqual(await objects(15 * dayMs), []);
  t.deepEqual(await isThere(broker, asset), [true, true]);
  t.truthy(await blobs.stat(broker.config.bucket, 'elsewhere'));
  t.is((await broker.admin(`/api/v1/uploads/${open.id}/complete`, {})).status, 200);
});
