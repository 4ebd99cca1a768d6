import { randomBytes } from 'node:crypto';
import anyTest, { type TestFn } from 'ava';
import type { Blobs } from '../../src/blobs/blobs.ts';
import { StoreDown } from '../../src/boot/store-down.ts';
import { openVerifier } from '../../src/jobs/verify.ts';
import { changeAsset } from '../records/writing.ts';
import {
  announce,
  type Broker,
  byBroker,
  type LogLine,
  recorder,
  send,
  startBroker,
} from '../support/broker.ts';

const test = anyTest as TestFn;
let broker: Broker;
test.before(async () => {
  broker = await startBroker();
});
test.after.always(() => broker?.close());

/** A verifier on the broker's own stores, with what it logged and how often it read. */
function verifier(digest: Blobs['digest'] = broker.parts.blobs.digest) {
  const lines: LogLine[] = [];
  const seen = { reads: 0 };
  const blobs: Blobs = {
    ...broker.parts.blobs,
    digest: (...asked) => {
      seen.reads += 1;
      return digest(...asked);
    },
  };
  const { records } = broker.parts;
  return {
    ...openVerifier({ records, blobs, clock: () => new Date(), log: recorder(lines), audit: byBroker }),
    lines,
    seen,
  };
}

let last = 0;
/** An asset whose bytes are all there, and that nobody has hashed yet: as a broker leaves it that dies at that moment. */
async function verifying(announced: Record<string, unknown> = {}) {
  last += 1;
  const bytes = randomBytes(1000);
  const upload = await announce(broker, { kind: 'kernel', name: `v-${last}`, bytes, announced });
  await send(upload, bytes);
  const { records, blobs } = broker.parts;
  const asset = await records.asset(upload.asset_id);
  const stat = asset && (await blobs.stat(asset.bucket, asset.object));
  if (!asset || !stat) throw new Error('the asset is not there');
  await changeAsset(
    records,
    { ...asset, state: 'verifying', generation: stat.generation },
    { state: 'created', upload_id: upload.id },
  );
  return asset.id;
}

const state = async (id: string) => (await broker.parts.records.asset(id))?.state;

test.serial('what an earlier process left unfinished is taken up, good and bad', async (t) => {
  const good = await verifying();
  const bad = await verifying({ sha256: '0'.repeat(64) });
  const { resume, lines } = verifier();
  await resume();
  t.is(await state(good), 'ready');
  t.is(await state(bad), 'created');
  const asset = await broker.parts.records.asset(bad);
  t.regex(asset?.failure ?? '', /^sha256 is /);
  t.is(asset?.generation, undefined);
  t.is((await broker.parts.records.upload(asset?.upload_id ?? ''))?.state, 'failed');
  t.deepEqual(
    lines.map(({ level, message }) => `${level}: ${message}`),
    ['info: an asset is ready', 'warn: an upload is not what was announced'],
  );
});

test.serial(
  'how far it is stands in the record, now and then, and nothing of it when it is ready',
  async (t) => {
    const id = await verifying();
    const { records, blobs } = broker.parts;
    let now = Date.now();
    const seen: (number | undefined)[] = [];
    const digest: Blobs['digest'] = async (blob, signal, onBytes) => {
      for (const [ms, done] of [
        [500, 100],
        [2_500, 200],
        [2_600, 300],
        [5_000, 400],
      ] as const) {
        now += ms;
        onBytes?.(done);
        now -= ms;
        seen.push((await records.asset(id))?.verified_bytes);
      }
      return blobs.digest(blob, signal);
    };
    const parts = { records, blobs: { ...blobs, digest }, log: recorder([]), audit: byBroker };
    await openVerifier({ ...parts, clock: () => new Date(now) }).verify(id);
    t.deepEqual(seen, [undefined, 200, 200, 400]);
    t.like(await records.asset(id), { state: 'ready', verified_bytes: undefined, checked: 'sha256' });
  },
);

test.serial('what somebody is hashing at the moment is left to them', async (t) => {
  const id = await verifying();
  const { resume, seen } = verifier();
  await resume(60_000);
  t.deepEqual([seen.reads, await state(id)], [0, 'verifying']);
  await resume(0);
  t.is(await state(id), 'ready');
});

test.serial('whoever asks while it runs shares the run', async (t) => {
  const id = await verifying();
  const { verify, seen } = verifier();
  await Promise.all([verify(id), verify(id), verify(id)]);
  await verify(id);
  t.is(seen.reads, 1);
  t.is(await state(id), 'ready');
});

test.serial('a storage that is down leaves the asset as it was, for the next time', async (t) => {
  const id = await verifying();
  const down = verifier(() => Promise.reject(new StoreDown('storage', 'reading', 'gone')));
  await t.throwsAsync(down.verify(id), { instanceOf: StoreDown });
  await down.resume();
  t.like(down.lines[0], { level: 'warn', asset: id });
  t.is(await state(id), 'verifying');
  await verifier().verify(id);
  t.is(await state(id), 'ready');
});

test.serial('told to stop, it stops at once and complains of nothing; the next one goes on', async (t) => {
  const ids = [await verifying(), await verifying()];
  const stuck = verifier(
    (_, signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  );
  const resumed = stuck.resume();
  while (stuck.seen.reads === 0) await new Promise((resolve) => setImmediate(resolve));
  await stuck.close();
  await resumed;
  t.deepEqual(stuck.lines, []);
  for (const id of ids) t.is(await state(id), 'verifying');
  await verifier().resume();
  for (const id of ids) t.is(await state(id), 'ready');
});

test.serial(
  'an upload that was superseded while its bytes were read does not make the asset ready',
  async (t) => {
    const id = await verifying();
    const { records, blobs } = broker.parts;
    const slow = verifier(async (...asked) => {
      const found = await blobs.digest(...asked);
      const asset = await records.asset(id);
      if (asset)
        await changeAsset(
          records,
          { ...asset, upload_id: 'newer' },
          { state: 'verifying', upload_id: asset.upload_id },
        );
      return found;
    });
    await slow.verify(id);
    t.is(await state(id), 'verifying');
    t.deepEqual(slow.lines, []);
  },
);
