import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { until } from '../support/http.ts';
import { scaled } from '../support/patience.ts';
import {
  BUCKET,
  bytes,
  type Client,
  client,
  crc,
  storageOptions,
  storageProcess,
  temporaryDirectory,
} from './support.ts';

const ROUNDS = 24;
const CHUNK = 256 * 1024;
const O = `/storage/v1/b/${BUCKET}/o`;
const PARTS = [bytes(700_000, 91), bytes(900_000, 92)];

/** Numbers from 0 to 1 that are the same in each run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Each writes those bytes as `kernel` in its own way and resolves when that was acknowledged. */
const ways = {
  insert: async (storing: Client, data: Buffer) => {
    await storing.put('kernel', data);
  },
  resumable: async (storing: Client, data: Buffer) => {
    const started = await storing.admin(`/upload${O}?uploadType=resumable&name=kernel`, { method: 'POST' });
    const session = (started.headers.location ?? '').slice(storing.origin.length);
    for (let at = 0; at < data.length; at += CHUNK) {
      const chunk = data.subarray(at, at + CHUNK);
      const headers = { 'content-range': `bytes ${at}-${at + chunk.length - 1}/${data.length}` };
      const answered = await storing.ask(session, { method: 'PUT', headers, body: chunk });
      if (![200, 308].includes(answered.status)) throw new Error(`${answered.status} ${answered.text}`);
    }
  },
  compose: async (storing: Client) => {
    const body = JSON.stringify({ sourceObjects: [{ name: 'part 0' }, { name: 'part 1' }] });
    const answered = await storing.admin(`${O}/kernel/compose`, { method: 'POST', body });
    if (answered.status !== 200) throw new Error(`${answered.status} ${answered.text}`);
  },
};

/** Every object's bytes are those that its checksum says, and no file is left that nothing refers to. */
async function consistent(t: ExecutionContext, storing: Client, dataDir: string): Promise<Buffer> {
  const { items } = JSON.parse((await storing.admin(O)).text) as {
    items: { name: string; crc32c: string }[];
  };
  for (const { name, crc32c } of items) {
    const { body } = await storing.admin(`/${BUCKET}/${encodeURIComponent(name)}`);
    t.is(crc(body), crc32c, name);
  }
  const files = await readdir(join(dataDir, 'files'));
  // The objects, and at most one upload that a round left unfinished.
  t.true(files.length >= items.length && files.length <= items.length + ROUNDS, String(files.length));
  return (await storing.admin(`/${BUCKET}/kernel`)).body;
}

test('kill -9 at any moment leaves the old generation or the new one', async (t) => {
  t.timeout(scaled(300_000));
  const random = seeded(20_261_121);
  const options = storageOptions(await temporaryDirectory(t));
  const outcomes = { old: 0, new: 0, acknowledged: 0 };
  let old = bytes(1_000_000, 0);
  let written: { way: string; data: Buffer; acknowledged: boolean } | undefined;
  for (let round = 0; round <= ROUNDS; round += 1) {
    const { origin, kill } = await storageProcess(t, options);
    const storing = client(origin);
    if (round === 0) {
      for (const [index, part] of PARTS.entries()) await storing.put(`part ${index}`, part);
      await storing.put('kernel', old);
    }
    const left = await consistent(t, storing, options.dataDir);
    if (written) {
      const { way, data, acknowledged } = written;
      const is = left.equals(data) ? 'new' : 'old';
      t.true(is === 'new' || (!acknowledged && left.equals(old)), `round ${round}: ${way}, ${acknowledged}`);
      outcomes[acknowledged ? 'acknowledged' : is] += 1;
    }
    old = left;
    if (round === ROUNDS) break;

    const way = (['insert', 'resumable', 'compose'] as const)[round % 3] ?? 'insert';
    const size = 500_000 + Math.floor(random() * 3_000_000);
    written = {
      way,
      data: way === 'compose' ? Buffer.concat(PARTS) : bytes(size, round + 1),
      acknowledged: false,
    };
    const { data } = written;
    let answered = false;
    const writing = ways[way](storing, data).then(
      () => {
        answered = true;
      },
      () => {},
    );
    // Some rounds wait for the answer, the others cut somewhere on the way to it.
    if (random() < 0.2) await writing;
    else await new Promise((resolve) => setTimeout(resolve, random() * 30));
    written = { way, data, acknowledged: answered };
    await kill();
    await writing;
  }
  t.log(JSON.stringify(outcomes));
});

test('what a crash left behind is removed at the next start', async (t) => {
  const options = storageOptions(await temporaryDirectory(t));
  const files = () => readdir(join(options.dataDir, 'files'));
  const first = await storageProcess(t, options);
  await client(first.origin).put('kernel', 'bytes');
  const huge = client(first.origin)
    .put('kernel', bytes(50_000_000))
    .catch(() => {});
  await until(async () => (await files()).length >= 2);
  await first.kill();
  await huge;
  t.is((await files()).length, 2);
  const second = await storageProcess(t, options);
  t.is((await files()).length, 1);
  t.is((await client(second.origin).admin(`/${BUCKET}/kernel`)).text, 'bytes');
});
