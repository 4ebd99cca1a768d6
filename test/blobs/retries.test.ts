import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import test from 'ava';
import type { Blobs } from '../../src/blobs/blobs.ts';
import { bootPatience } from '../../src/blobs/retry-policy.ts';
import { StoreDown } from '../../src/boot/store-down.ts';
import { type Behaviour, blobsAt, brokenStorage } from '../support/broken-storage.ts';
import { freePort } from '../support/free-port.ts';
import { scaled } from '../support/patience.ts';

interface Scenario {
  readonly id: number;
  readonly description: string;
  readonly cases: readonly { readonly instructions: readonly string[] }[];
  readonly methods: readonly { readonly name: string; readonly group?: string }[];
  readonly preconditionProvided: boolean;
  readonly expectSuccess: boolean;
}

const { retryTests } = JSON.parse(
  readFileSync(new URL('../vectors/retry_tests.json', import.meta.url), 'utf8'),
) as { readonly retryTests: readonly Scenario[] };

const bytes = Buffer.alloc(600_000, 'bytes');
const generation = '1234567890123456';
const blob = { bucket: 'boot-assets', object: 'assets/1/kernel', generation };
const composite = { bucket: 'boot-assets', object: 'assets/2/initrd', type: 'a/b' };
// Long enough that it is the storage that ends each try, never the time.
const controlPatience = { total: scaled(20_000), pauses: { first: 5, most: 20 } };
const patience = { ...bootPatience, firstByte: scaled(20_000), stall: scaled(20_000) };

type Call = (blobs: Blobs) => Promise<unknown>;

/** The broker's calls by Google's names for them. Most are idempotent, or are never made without a precondition. */
const guarded: Readonly<Record<string, Call>> = {
  'storage.objects.list': (blobs) => blobs.ping(),
  'storage.objects.get': (blobs) => blobs.stat(blob.bucket, blob.object),
  'storage.objects.delete': (blobs) => blobs.remove(blob),
  'storage.objects.compose': (blobs) => blobs.compose({ ...composite, ifGeneration: '0' }, [blob]),
  'storage.objects.insert': (blobs) => blobs.startSession({ ...composite, size: 3 }),
};
const unguarded: Readonly<Record<string, Call>> = {
  'storage.objects.compose': (blobs) => blobs.compose(composite, [blob]),
};
const download: Call = async (blobs) => {
  const { body } = await blobs.follow(blob, { ttlSeconds: 60, signal: new AbortController().signal });
  const read = await buffer(body);
  if (!read.equals(bytes)) throw new Error(`${read.length} other bytes`);
};

/** Undefined: the broker makes no such call. */
function callOf({ id }: Scenario, { name, group }: { name: string; group?: string }): Call | undefined {
  if (group === 'storage.objects.download') return download;
  return (id === 3 ? unguarded : guarded)[name];
}

/** What Google's own test bench does when told so; without a known instruction it answers rightly. */
const answer: Behaviour = (response, { method, url = '', headers }) => {
  if (method === 'DELETE') return response.writeHead(204).end();
  if (url.startsWith('/upload/')) return response.writeHead(200, { Location: 'http://a/session?id=1' }).end();
  if (!url.includes('X-Goog-Signature'))
    return response
      .writeHead(200, { 'Content-Type': 'application/json' })
      .end(JSON.stringify({ generation, size: `${bytes.length}`, crc32c: 'AAAAAA==', contentType: 'a/b' }));
  return give(response, headers.range);
};

/** The object, or its rest; `count`: so many bytes, and then the connection breaks. */
function give(response: ServerResponse, range: string | undefined, count?: number): void {
  const first = Number(/\d+/.exec(range ?? '')?.[0] ?? 0);
  response.writeHead(range ? 206 : 200, {
    'Content-Length': bytes.length - first,
    'Content-Range': `bytes ${first}-${bytes.length - 1}/${bytes.length}`,
  });
  if (count === undefined) response.end(bytes.subarray(first));
  else response.write(bytes.subarray(first, first + count), () => setTimeout(() => response.destroy(), 20));
}

const refuse =
  (code: number): Behaviour =>
  (response) =>
    response
      .writeHead(code, { 'Content-Type': 'application/json' })
      .end(JSON.stringify({ error: { code, message: 'as instructed' } }));

const instructed: Readonly<Record<string, Behaviour>> = {
  'return-400': refuse(400),
  'return-401': refuse(401),
  'return-408': refuse(408),
  'return-503': refuse(503),
  'return-reset-connection': (response) => response.socket?.resetAndDestroy(),
  'return-broken-stream': (response, { headers }) => give(response, headers.range, 10),
  'return-broken-stream-after-256K': (response, { headers }) => give(response, headers.range, 262_144),
};

let ran = 0;
for (const scenario of retryTests)
  for (const method of scenario.methods) {
    const call = callOf(scenario, method);
    for (const { instructions } of scenario.cases) {
      const known = instructions.every((instruction) => instruction in instructed);
      if (!call || !known) continue;
      ran += 1;
      test(`${scenario.description}: ${method.name}, ${instructions.join(', ')}`, async (t) => {
        const left = [...instructions];
        let asked = 0;
        const blobs = await brokenStorage(
          (response, request) => {
            asked += 1;
            (instructed[left.shift() ?? ''] ?? answer)(response, request);
          },
          { patience, controlPatience },
        );
        t.teardown(() => blobs.close());
        if (scenario.expectSuccess) await t.notThrowsAsync(call(blobs));
        else await t.throwsAsync(call(blobs), { instanceOf: StoreDown });
        t.deepEqual(left, []);
        t.is(asked, instructions.length + (scenario.expectSuccess ? 1 : 0));
      });
    }
  }
test("scenarios of Google's are there to be run", (t) => t.is(ran, 41));

test('a storage that never answers, or never well, is given up in time', async (t) => {
  const pauses = { first: 20, most: 50 };
  const hasty = { controlPatience: { total: 300, pauses } };
  const silent = await brokenStorage(() => {}, hasty);
  const failing = await brokenStorage((response) => response.writeHead(503).end(), hasty);
  t.teardown(() => Promise.all([silent.close(), failing.close()]));
  const dead = blobsAt(await freePort(), { controlPatience: { total: scaled(400), pauses } });
  for (const call of Object.values({ ...guarded, ...unguarded })) {
    await t.throwsAsync(call(silent), {
      instanceOf: StoreDown,
      message: /the storage took longer than \d+ ms/,
    });
    await t.throwsAsync(call(failing), { instanceOf: StoreDown });
    await t.throwsAsync(call(dead), { instanceOf: StoreDown, message: /ECONNREFUSED/ });
  }
});

for (const name of ['storage.objects.list', 'storage.objects.insert'])
  test(`Retry-After is obeyed while there is time, and ends the trying when there is not: ${name}`, async (t) => {
    const asked: number[] = [];
    let after = '1';
    const busy: Behaviour = (response, request) => {
      asked.push(performance.now());
      if (asked.length === 2) answer(response, request);
      else response.writeHead(429, { 'Retry-After': after }).end('{}');
    };
    const pauses = { first: 1, most: 1 };
    const blobs = await brokenStorage(busy, { controlPatience: { total: scaled(20_000), pauses } });
    t.teardown(() => blobs.close());
    await guarded[name]?.(blobs);
    const [first = 0, second = 0] = asked;
    t.true(second - first > 990);
    after = '3600';
    await t.throwsAsync(async () => guarded[name]?.(blobs), { instanceOf: StoreDown });
    t.is(asked.length, 3);
  });

test('what may not be done names the role to grant, and on what', async (t) => {
  const blobs = await brokenStorage(refuse(403));
  t.teardown(() => blobs.close());
  for (const call of Object.values(guarded))
    await t.throwsAsync(call(blobs), {
      message: /grant roles\/storage\.objectAdmin on gs:\/\/boot-assets to the account/,
    });
});

test('calls at the same time do not take each other their retries', async (t) => {
  let turn = 0;
  const blobs = await brokenStorage(
    (response, request) => {
      turn += 1;
      (turn % 2 ? refuse(503) : answer)(response, request);
    },
    { controlPatience },
  );
  t.teardown(() => blobs.close());
  const all = Object.values(guarded);
  for (let round = 0; round < 5; round += 1)
    await t.notThrowsAsync(Promise.all(all.map((call) => call(blobs))));
});
