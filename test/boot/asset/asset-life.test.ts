import test from 'ava';
import fc from 'fast-check';
import { type Asset, deliverable, forGood, resolved } from '../../../src/boot/asset/asset.ts';
import {
  type Announcement,
  announced,
  arrived,
  awaitsBytes,
  condemned,
  deleted,
  ended,
  type Life,
  progressed,
  reprieved,
  retired,
  unretired,
  verified,
} from '../../../src/boot/asset/asset-life.ts';
import {
  type AssetChange,
  insisted,
  type Step,
  type UploadChange,
} from '../../../src/boot/asset/asset-step.ts';
import { damageRead, damageSeen, foundDamaged, foundWhole } from '../../../src/boot/asset/condition.ts';
import type { Upload, UploadState } from '../../../src/boot/asset/upload.ts';
import { isRefusal, type Refusal } from '../../../src/boot/problem.ts';
import { conflictOf } from '../../../src/records/conflict.ts';
import { asset } from '../examples.ts';

const time = (n: number) => new Date(Date.UTC(2026, 0, 1) + n * 1000);
const wanted: Announcement = {
  ...{ kind: 'kernel', name: 'debian', version: '12', arch: 'x86_64' },
  ...{ size: 1000, crc32c: 'AAAAAA==', mode: 'signed' },
};
const validators = { etag: '"e"', lastModified: time(0) };
const carried = { 'cache-control': forGood };
const object = { generation: '7', size: 1000, crc32c: 'AAAAAA==', type: 'application/octet-stream', carried };
const digest = { size: 1000, crc32c: 'AAAAAA==', sha256: 'ab', ...validators };

const made = (n: number, now = time(n)) => ({
  ...{ assetId: `asset-${n}`, uploadId: `upload-${n}` },
  ...{ bucket: 'boot-assets', now },
});
function taken<T>(step: T | Refusal | undefined): T {
  if (!step || isRefusal(step)) throw new Error('no step');
  return step;
}

test('an asset is announced, arrives, is hashed, ready, retired, condemned and deleted', (t) => {
  const { asset: created, upload } = taken(announced(wanted, undefined, made(1)));
  t.like(created, { id: 'asset-1', upload_id: 'upload-1', state: 'created', type: object.type });
  t.is(created.object, 'assets/upload-1/debian-12-x86_64.kernel');
  t.like(upload, { id: 'upload-1', asset_id: 'asset-1', object: created.object, state: 'open' });
  t.is(upload.expires_at, time(3601).toISOString());

  const { asset: verifying, changes } = arrived({ asset: created, upload }, object, validators, time(2));
  t.like(verifying, { state: 'verifying', generation: '7', updated_at: time(2).toISOString() });
  t.is(changes.length, 1, 'its upload is open until it is hashed');
  const { to: hashed } = progressed(verifying, 500, time(3));
  t.like(hashed, { state: 'verifying', verified_bytes: 500 });

  const done = verified({ asset: hashed ?? verifying, upload }, digest, object, time(4));
  t.like(done.asset, { state: 'ready', checked: 'sha256', sha256: 'ab', verified_bytes: undefined });
  t.truthy(resolved(done.asset));
  t.deepEqual(done.changes[1], { kind: 'upload', expected: 'open', to: { ...upload, state: 'done' } });

  const out = taken(retired(done.asset, time(5))).asset;
  t.like(out, { state: 'retired', retired_at: time(5).toISOString() });
  t.is(retired(out, time(6)), undefined);
  const doomed = taken(condemned(out, time(6))).asset;
  t.is(condemned(doomed, time(7)), undefined, 'since when stays');
  t.deepEqual(taken(reprieved(doomed, time(7))).asset, { ...out, updated_at: time(7).toISOString() });
  t.is(reprieved(out, time(7)), undefined);
  const back = taken(unretired(doomed, time(7))).asset;
  t.deepEqual(back, { ...done.asset, updated_at: time(7).toISOString() });
  t.is(unretired(back, time(8)), undefined);
  t.deepEqual(deleted(doomed).changes, [{ ...insisted(doomed), to: undefined }]);
});

test('an asset that waits for its bytes takes another upload, and keeps its id; no other does', (t) => {
  const { asset: first } = taken(announced({ ...wanted, sha256: 'old' }, undefined, made(1)));
  const again = taken(announced({ ...wanted, size: 5, mode: 'session' }, first, made(2)));
  t.like(again.asset, { id: 'asset-1', upload_id: 'upload-2', size: 5, state: 'uploading' });
  t.is(again.asset.created_at, first.created_at);
  t.is(again.asset.sha256, undefined);
  t.like(again.upload, { id: 'upload-2', asset_id: 'asset-1', mode: 'session' });
  for (const state of ['verifying', 'ready', 'retired'] as const) {
    const refused = announced(wanted, asset('kernel', { state }), made(3));
    t.true(isRefusal(refused) && refused.problem === 'asset-exists', state);
  }
});

test('what does not boot is ready as soon as it is there, unless it is to be hashed', (t) => {
  const states = ([undefined, 'checksum', 'full'] as const).map((verify) => {
    const life = taken(announced({ ...wanted, kind: 'file', ...(verify && { verify }) }, undefined, made(1)));
    return arrived(life, object, validators, time(2)).asset;
  });
  for (const ready of states.slice(0, 2))
    t.like(ready, { state: 'ready', checked: 'crc32c', sha256: undefined });
  t.is(states[2]?.state, 'verifying');
});

test('bytes that are not what was announced give the name free, and are of no use', (t) => {
  const life = taken(announced({ ...wanted, sha256: 'cd' }, undefined, made(1)));
  const other = arrived(life, { ...object, type: 'text/html' }, undefined, time(2));
  const hashed = verified(
    { ...life, asset: arrived(life, object, undefined, time(2)).asset },
    digest,
    object,
    time(3),
  );
  for (const { asset, changes, failure } of [other, hashed]) {
    t.like(asset, { state: 'created', failure, generation: undefined });
    t.like(changes[1], { kind: 'upload', to: { state: 'failed' } });
  }
  t.is(other.failure, 'type is text/html, announced was application/octet-stream');
  t.is(hashed.failure, 'sha256 is ab, announced was cd');
});

test('an object that carries other headers than were granted never becomes its asset', (t) => {
  const life = taken(announced(wanted, undefined, made(1)));
  const adding = (more: Record<string, string>) => ({ ...object, carried: { ...carried, ...more } });
  const verifying = { ...life, asset: arrived(life, object, undefined, time(2)).asset };
  for (const name of [
    ...['cache-control', 'content-encoding', 'content-disposition', 'content-language'],
    ...['x-goog-meta-colour', 'x-goog-custom-time', 'x-goog-temporary-hold', 'x-goog-of-tomorrow'],
  ]) {
    const other = adding({ [name]: 'gzip' });
    for (const step of [
      arrived(life, other, undefined, time(2)),
      verified(verifying, digest, other, time(3)),
    ]) {
      t.like(step.asset, { state: 'created', generation: undefined });
      t.regex(step.failure ?? '', new RegExp(`^${name} is gzip, granted was (none|private, max-age.*)$`));
    }
  }
  t.regex(
    arrived(life, { ...object, carried: {} }, undefined, time(2)).failure ?? '',
    /^cache-control is missing/,
  );
  t.regex(verified(verifying, digest, { ...object, type: 'x/y' }, time(3)).failure ?? '', /^type is x\/y/);
  t.is(
    arrived(life, adding({ 'content-encoding': 'identity' }), undefined, time(2)).asset.state,
    'verifying',
  );
});

test('what is damaged is taken by no new profile, keeps its state, and is whole again after a scrub', (t) => {
  for (const state of ['ready', 'retired'] as const) {
    const before = asset('kernel', {
      state,
      generation: '7',
      etag: '"e"',
      last_modified: 'x',
      ready_at: 'x',
      sha256: 'ab',
    });
    t.is(damageSeen(before, { generation: '7', size: before.size, crc32c: before.crc32c }), undefined);
    t.regex(damageSeen(before, undefined) ?? '', /^the storage has no object/);
    t.regex(damageSeen(before, { ...before, generation: '8' }) ?? '', /its generation is 8, pinned was 7/);
    t.regex(damageRead(before, { ...before, sha256: 'cd' }) ?? '', /^sha256 is cd, announced was ab$/);
    const damage = foundDamaged(before, 'gone', time(1));
    t.like(damage?.asset, { state, condition: 'damaged', damage: 'gone', damaged_at: time(1).toISOString() });
    const damaged = damage?.asset as Asset;
    t.is(resolved(damaged), undefined);
    t.truthy(deliverable(damaged));
    t.is(foundDamaged(damaged, 'gone', time(2)), undefined);
    t.is(foundDamaged(damaged, 'more', time(2))?.asset.damaged_at, time(1).toISOString());
    const whole = foundWhole(damaged, time(3));
    const at = time(3).toISOString();
    t.true('changes' in whole);
    if ('changes' in whole) t.deepEqual(whole.asset, { ...before, scrubbed_at: at, updated_at: at });
    t.false('changes' in foundWhole(before, time(3)), 'nobody is told that all is well');
  }
});

test('what was accepted does not expire; who aborts it gives it up', (t) => {
  const life = taken(announced(wanted, undefined, made(1)));
  const verifying = { ...life, asset: arrived(life, object, undefined, time(2)).asset };
  t.is(ended(verifying, 'expired', time(3)), undefined);
  t.like(ended(verifying, 'aborted', time(3)), {
    failure: 'its upload is aborted',
    asset: { state: 'created' },
  });
  const ready = { ...life, asset: verified(verifying, digest, object, time(3)).asset };
  for (const as of ['expired', 'aborted'] as const) t.is(ended(ready, as, time(4)), undefined);
  const { asset: heir } = taken(announced(wanted, life.asset, made(2)));
  t.is(
    ended({ ...life, asset: heir }, 'expired', time(3))?.asset,
    heir,
    'whose upload has come since is left',
  );
});

/** A store of one name, which holds each write to what it expects. */
function store() {
  let stored: Asset | undefined;
  const uploads = new Map<string, Upload>();
  return {
    read: (): Life | undefined => {
      const upload = stored && uploads.get(stored.upload_id);
      return stored && upload && { asset: stored, upload };
    },
    uploads: (): ReadonlyMap<string, UploadState> =>
      new Map([...uploads].map(([id, { state }]) => [id, state])),
    write(changes: readonly (AssetChange | UploadChange)[]): void {
      const conflict = conflictOf(changes, {
        machine: () => undefined,
        token: () => undefined,
        holder: () => undefined,
        rulebook: [],
        namedAsset: () => stored,
        upload: (id) => uploads.get(id),
      });
      if (conflict) return;
      for (const change of changes)
        if (change.kind === 'asset') stored = change.to;
        else uploads.set(change.to.id, change.to);
    },
  };
}

/** What somebody does who has read the asset; as careful as the handlers and jobs are. */
const deeds: Readonly<
  Record<string, (life: Life | undefined, n: number) => Step | AssetChange | Refusal | undefined>
> = {
  announce: (life, n) => announced(wanted, life?.asset, made(n)),
  arrive: (life, n) =>
    life && awaitsBytes(life.asset) && life.asset.failure === undefined
      ? arrived(life, object, undefined, time(n))
      : undefined,
  arriveOther: (life, n) =>
    life && awaitsBytes(life.asset) && life.asset.failure === undefined
      ? arrived(life, { ...object, size: 9 }, undefined, time(n))
      : undefined,
  progress: (life, n) => (life?.asset.state === 'verifying' ? progressed(life.asset, n, time(n)) : undefined),
  verify: (life, n) =>
    life?.asset.state === 'verifying' ? verified(life, digest, object, time(n)) : undefined,
  refuse: (life, n) =>
    life?.asset.state === 'verifying'
      ? verified(life, { ...digest, crc32c: 'x' }, object, time(n))
      : undefined,
  expire: (life, n) => life && ended(life, 'expired', time(n)),
  abort: (life, n) => life && ended(life, 'aborted', time(n)),
  retire: (life, n) => life && retired(life.asset, time(n)),
  unretire: (life, n) => life && unretired(life.asset, time(n)),
  condemn: (life, n) => (life?.asset.state === 'retired' ? condemned(life.asset, time(n)) : undefined),
  reprieve: (life, n) => (life?.asset.state === 'retired' ? reprieved(life.asset, time(n)) : undefined),
  delete: (life) => (life?.asset.condemned_at ? deleted(life.asset) : undefined),
};

test('whatever is done in whatever order, by whoever read it when, an asset is never in between', (t) => {
  const seen = new Set<string>();
  const deed = fc.record({ what: fc.constantFrom(...Object.keys(deeds)), ago: fc.nat({ max: 3 }) });
  fc.assert(
    fc.property(fc.array(deed, { minLength: 10, maxLength: 40 }), (all) => {
      const { read, write, uploads } = store();
      const reads: (Life | undefined)[] = [read()];
      for (const [n, { what, ago }] of all.entries()) {
        const life = reads.at(-1 - ago) ?? reads.at(-1);
        const before = uploads();
        const step = deeds[what]?.(life, n + 1);
        if (step && !isRefusal(step)) write('changes' in step ? step.changes : [step]);
        for (const [id, state] of before) if (state !== 'open') t.is(uploads().get(id), state, 'no way back');
        const now = read();
        reads.push(now);
        if (!now) continue;
        const { asset, upload } = now;
        seen.add(asset.state);
        const isServed = asset.state === 'ready' || asset.state === 'retired';
        t.is(deliverable(asset) !== undefined, isServed);
        t.is(upload.state === 'done', isServed);
        t.is(upload.state === 'open', !isServed && asset.failure === undefined);
        t.is(asset.generation !== undefined, isServed || asset.state === 'verifying');
        if (asset.verified_bytes !== undefined) t.is(asset.state, 'verifying');
        if (asset.failure !== undefined) t.is(asset.state, 'created');
        t.is(asset.retired_at !== undefined, asset.state === 'retired');
        if (asset.condemned_at !== undefined) t.is(asset.state, 'retired');
        t.is(asset.ready_at !== undefined, isServed);
      }
    }),
    { numRuns: 500 },
  );
  t.deepEqual([...seen].sort(), ['created', 'ready', 'retired', 'verifying']);
});
