import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import type { FollowOptions, Resumed } from '../../src/blobs/blobs.ts';
import type { Patience } from '../../src/blobs/retry-policy.ts';
import { StoreDown } from '../../src/boot/store-down.ts';
import { type Behaviour, blobsAt, brokenStorage } from '../support/broken-storage.ts';
import { freePort } from '../support/free-port.ts';
import { until } from '../support/http.ts';
import { scaled } from '../support/patience.ts';

const bytes = randomBytes(300_000);
const size = bytes.length;
const half = size / 2;
const generation = '1234567890123456';
const blob = { bucket: 'boot-assets', object: 'assets/1/kernel', generation };

/** Long enough that a busy machine is not taken for a storage that stalls. */
const patience: Patience = {
  firstByte: scaled(4_000),
  stall: scaled(2_000),
  giveUp: scaled(10_000),
  pauses: { first: 5, most: 50 },
};

/** Answers as Cloud Storage does; `upTo`: and breaks off there. */
function give(response: ServerResponse, range: string | undefined, { upTo = size, headers = {} } = {}): void {
  const [, from = '0', to = `${size - 1}`] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  const [first, last] = [Number(from), Number(to)];
  response.writeHead(range ? 206 : 200, {
    'Content-Length': last - first + 1,
    'x-goog-generation': generation,
    ...(range && { 'Content-Range': `bytes ${first}-${last}/${size}` }),
    ...headers,
  });
  if (upTo > last) response.end(bytes.subarray(first, last + 1));
  else
    response.write(bytes.subarray(first, Math.max(first, upTo)), () =>
      setTimeout(() => response.destroy(), 20),
    );
}

const whole: Behaviour = (response, { headers }) => give(response, headers.range);
const cutAt =
  (upTo: number): Behaviour =>
  (response, { headers }) =>
    give(response, headers.range, { upTo });
const saying =
  (status: number, code = 'Whatever'): Behaviour =>
  (response) =>
    response.writeHead(status).end(`<Error><Code>${code}</Code></Error>`);

/** A storage that answers one request after the other as it is told, and then says 404. */
async function scene(t: ExecutionContext, script: readonly Behaviour[], how: Patience = patience) {
  const asked: { url: string; range: string | undefined }[] = [];
  const resumed: Resumed[] = [];
  const blobs = await brokenStorage(
    (response, request) => {
      const turn = script[asked.length] ?? saying(404, 'NothingMore');
      asked.push({ url: request.url ?? '', range: request.headers.range });
      turn(response, request);
    },
    { patience: how },
  );
  t.teardown(() => blobs.close());
  const gone = new AbortController();
  const follow = (options: Partial<FollowOptions> = {}) =>
    blobs.follow(blob, {
      ttlSeconds: 60,
      size,
      signal: gone.signal,
      onResume: (one) => resumed.push(one),
      ...options,
    });
  return { asked, resumed, gone, follow };
}

/** All that a stream gives, and how it ends. */
async function readAll(body: Readable): Promise<{ read: Buffer; error: Error | undefined }> {
  const chunks: Buffer[] = [];
  let error: Error | undefined;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) chunks.push(Buffer.from(chunk));
  } catch (thrown) {
    error = thrown as Error;
  }
  return { read: Buffer.concat(chunks), error };
}

/** The same, as to a client that is slow. */
async function readByFits(body: Readable): Promise<{ read: Buffer; error: Error | undefined }> {
  const chunks: Buffer[] = [];
  const error = await new Promise<Error | undefined>((resolve) => {
    body
      .on('data', (chunk: Buffer) => {
        chunks.push(Buffer.from(chunk));
        if (Math.random() < 0.5) return;
        body.pause();
        setTimeout(() => body.resume(), Math.random() * 30);
      })
      .on('end', () => resolve(undefined))
      .on('error', resolve);
  });
  return { read: Buffer.concat(chunks), error };
}

test('a body that breaks off goes on at the next byte, of the same generation, and that is told', async (t) => {
  const { asked, resumed, follow } = await scene(t, [cutAt(half), cutAt(half + 50_000), whole]);
  const { status, body } = await follow();
  t.is(status, 200);
  const { read, error } = await readAll(body);
  t.is(error, undefined);
  t.true(read.equals(bytes));
  t.is(asked[0]?.range, undefined);
  const starts = asked.slice(1).map(({ range }) => Number(/^bytes=(\d+)-299999$/.exec(range ?? '')?.[1]));
  t.deepEqual(
    resumed.map(({ atByte }) => atByte),
    starts,
  );
  t.true(starts.every((start) => start > 0));
  t.true(asked.every(({ url }) => url.includes(`generation=${generation}`)));
});

test('a range that breaks off goes on inside its own ends', async (t) => {
  const { asked, follow } = await scene(t, [cutAt(half), whole]);
  const { status, body } = await follow({ range: { start: 1_000, end: 200_999 } });
  t.is(status, 206);
  t.true((await readAll(body)).read.equals(bytes.subarray(1_000, 201_000)));
  t.is(asked[0]?.range, 'bytes=1000-200999');
  t.regex(asked[1]?.range ?? '', /^bytes=\d{5,}-200999$/);
});

test('a storage that stalls, refuses for a while, or ends as if that were all, is asked for the rest', async (t) => {
  const stall: Behaviour = (response, { headers }) => {
    const { range } = headers;
    const first = Number(/\d+/.exec(range ?? '')?.[0] ?? 0);
    response.writeHead(206, { 'Content-Range': `bytes ${first}-${size - 1}/${size}` });
    response.write(bytes.subarray(first, first + 10_000));
  };
  const short: Behaviour = (response) => response.writeHead(200).end(bytes.subarray(0, half));
  const { asked, resumed, follow } = await scene(t, [
    short,
    stall,
    saying(503, 'ServiceUnavailable'),
    saying(500),
    saying(429, 'TooManyRequests'),
    whole,
  ]);
  t.true((await readAll((await follow()).body)).read.equals(bytes));
  t.is(asked.length, 6);
  t.is(resumed.length, 2);
  t.regex(resumed[0]?.reason ?? '', /ended before byte 150000/);
  t.regex(resumed[1]?.reason ?? '', /429 TooManyRequests/);
});

for (const [status, code] of [
  [400, 'ExpiredToken'],
  [403, 'AccessDenied'],
] as const)
  test(`${status} ${code} in mid-body is worth one fresh URL, not two`, async (t) => {
    const again = await scene(t, [cutAt(half), saying(status, code), whole]);
    t.true((await readAll((await again.follow()).body)).read.equals(bytes));
    const twice = await scene(t, [
      cutAt(half),
      saying(status, code),
      saying(503),
      saying(status, code),
      whole,
    ]);
    const { error } = await readAll((await twice.follow()).body);
    t.regex(error?.message ?? '', new RegExp(`${status} ${code}`));
    t.is(twice.asked.length, 4);
  });

const wrong: Readonly<Record<string, readonly [Behaviour, RegExp]>> = {
  'is gone': [saying(404, 'NoSuchKey'), /404 NoSuchKey/],
  'is another generation by its precondition': [saying(412, 'PreconditionFailed'), /412/],
  'is shorter now': [saying(416, 'InvalidRange'), /416/],
  'is another generation': [
    (response, { headers: { range } }) => give(response, range, { headers: { 'x-goog-generation': '2' } }),
    /generation 2, not 1234567890123456/,
  ],
  'is given from its beginning': [(response) => give(response, undefined), /200, not 206/],
  'is given from another byte': [(response) => give(response, 'bytes=7-299999'), /Content-Range bytes 7-/],
  'is given to another byte': [
    (response, { headers: { range } }) => give(response, `${range}`.replace('299999', '299998')),
    /Content-Range/,
  ],
  'has another size': [
    (response, { headers: { range } }) =>
      give(response, range, { headers: { 'Content-Range': `${range}/400000`.replace('=', ' ') } }),
    /Content-Range/,
  ],
  'has no range that can be read': [
    (response, { headers: { range } }) => give(response, range, { headers: { 'Content-Range': 'bytes' } }),
    /Content-Range/,
  ],
  'is longer than its range': [
    (response, { headers: { range } }) => {
      const first = Number(/\d+/.exec(range ?? '')?.[0]);
      response.writeHead(206, { 'Content-Range': `bytes ${first}-${size - 1}/${size}` });
      response.end(Buffer.concat([bytes.subarray(first), Buffer.from('x')]));
    },
    /more than/,
  ],
};
for (const [what, [behaviour, message]] of Object.entries(wrong))
  test(`when the rest ${what}, the stream breaks at once, and holds nothing else`, async (t) => {
    const { asked, follow } = await scene(t, [cutAt(half), behaviour, whole]);
    const { read, error } = await readAll((await follow()).body);
    t.regex(error?.message ?? '', message);
    t.is(asked.length, 2);
    t.true(read.length < size && read.length > 0);
    t.true(read.equals(bytes.subarray(0, read.length)));
  });

test('the first answer must be what was asked for as well', async (t) => {
  for (const [behaviour, message] of [
    [(response) => give(response, undefined, { headers: { 'x-goog-generation': '2' } }), /generation 2/],
    [(response) => give(response, undefined, { headers: { 'Content-Length': '10' } }), /Content-Length 10/],
    [(response) => response.writeHead(204).end(), /204/],
    [saying(404, 'NoSuchKey'), /404 NoSuchKey/],
  ] as readonly [Behaviour, RegExp][]) {
    const { asked, follow } = await scene(t, [behaviour, whole]);
    await t.throwsAsync(follow(), { instanceOf: StoreDown, message });
    t.is(asked.length, 1);
  }
  const chunked = await scene(t, [(response) => response.writeHead(200).end(bytes)]);
  const { size: _, ...unknown } = { size };
  await t.throwsAsync(chunked.follow({ ...unknown, size: undefined as never }), {
    message: /Content-Length/,
  });
});

test('an object of no bytes ends at once', async (t) => {
  const { follow } = await scene(t, [(response) => response.writeHead(200, { 'Content-Length': 0 }).end()]);
  const { read, error } = await readAll((await follow({ size: 0 })).body);
  t.deepEqual([read.length, error], [0, undefined]);
});

test('before the first byte a storage is asked again, as long as firmware waits and no longer', async (t) => {
  const headOnly: Behaviour = (response) => {
    response.writeHead(200, { 'Content-Length': size }).flushHeaders();
    setTimeout(() => response.destroy(), 20);
  };
  const hangUp: Behaviour = (response) => response.destroy();
  const { resumed, follow } = await scene(t, [saying(503), hangUp, headOnly, whole]);
  t.true((await readAll((await follow()).body)).read.equals(bytes));
  t.deepEqual(
    resumed.map(({ atByte }) => atByte),
    [0, 0],
  );

  const short = { ...patience, firstByte: scaled(2_500), giveUp: scaled(60_000) };
  const refusing = await scene(t, Array(100_000).fill(saying(503, 'SlowDown')), short);
  await t.throwsAsync(refusing.follow(), {
    instanceOf: StoreDown,
    message: /503 SlowDown.* at the last of \d+ attempts/,
  });
  t.true(refusing.asked.length > 2);
  const dead = blobsAt(await freePort(), { patience: short });
  await t.throwsAsync(dead.follow(blob, { ttlSeconds: 60, signal: new AbortController().signal }), {
    instanceOf: StoreDown,
    message: /ECONNREFUSED/,
  });
});

test('however a storage fails, and however its reader reads: all bytes, in order, to the end', async (t) => {
  const pick = (most: number) => Math.floor(Math.random() * most);
  await Promise.all(
    Array.from({ length: 60 }, async (_, run) => {
      const plan = Array.from({ length: 6 }, () => [pick(4), pick(size)] as const);
      const short =
        (upTo: number): Behaviour =>
        (response, { headers: { range } }) => {
          const first = Number(/\d+/.exec(range ?? '')?.[0] ?? 0);
          const of = `bytes ${first}-${size - 1}/${size}`;
          response.writeHead(range ? 206 : 200, range ? { 'Content-Range': of } : {});
          response.end(bytes.subarray(first, Math.max(first, upTo)));
        };
      const kinds = [cutAt, short, () => saying(503), () => (response: ServerResponse) => response.destroy()];
      const script = plan.map(([kind, at]) => (kinds[kind] ?? cutAt)(at));
      const { follow } = await scene(t, [...script, whole]);
      const { body } = await follow();
      const { read, error } = await (run % 2 ? readAll(body) : readByFits(body));
      t.is(error, undefined, JSON.stringify(plan));
      t.true(read.equals(bytes), JSON.stringify(plan));
    }),
  );
});

test('a storage that stays away is given up, and the stream ends by an error', async (t) => {
  const script = [cutAt(half), ...Array(100_000).fill(saying(503, 'ServiceUnavailable'))];
  const { asked, resumed, follow } = await scene(t, script, { ...patience, giveUp: scaled(600) });
  const { read, error } = await readAll((await follow()).body);
  t.regex(error?.message ?? '', /503 ServiceUnavailable.* at the last of \d+ attempts/);
  t.true(asked.length > 2);
  t.deepEqual(resumed, []);
  t.true(read.equals(bytes.subarray(0, read.length)));
});

test('what all bytes have come from may break afterwards', async (t) => {
  const { asked, follow } = await scene(t, [
    (response) => {
      response.writeHead(200).write(bytes, () => setTimeout(() => response.destroy(), 20));
    },
  ]);
  const { read, error } = await readAll((await follow()).body);
  t.is(error, undefined);
  t.true(read.equals(bytes));
  t.is(asked.length, 1);
});

test('a reader that pauses makes no stall, and nobody asks for what it does not want', async (t) => {
  const stall = scaled(400);
  let hold: ServerResponse | undefined;
  const { asked, resumed, follow } = await scene(
    t,
    [
      (response) => {
        hold = response;
        response.writeHead(200, { 'Content-Length': size }).write(bytes.subarray(0, half));
      },
      whole,
    ],
    { ...patience, stall },
  );
  const { body } = await follow();
  const chunks: Buffer[] = [];
  const take = (chunk: Buffer) => {
    chunks.push(Buffer.from(chunk));
    if (chunks.length === 1) body.pause();
  };
  const ended = new Promise<void>((resolve, reject) => {
    body.on('data', take).on('end', resolve).on('error', reject);
  });
  await until(() => chunks.length === 1);
  await sleep(3 * stall);
  t.is(asked.length, 1);
  hold?.destroy(); // and that it breaks meanwhile changes nothing
  await sleep(300);
  t.is(asked.length, 1);
  t.is(chunks.length, 1);
  body.resume();
  await ended;
  t.true(Buffer.concat(chunks).equals(bytes));
  t.true(resumed.length > 0);
});

test('a reader that pauses has nothing more waiting for it: the rest stays in the storage', async (t) => {
  const { follow } = await scene(t, [whole]);
  const { body } = await follow();
  const chunks: Buffer[] = [];
  const paused = new Promise<void>((resolve) => {
    body.on('data', (chunk: Buffer) => {
      chunks.push(Buffer.from(chunk));
      body.pause();
      setTimeout(resolve, 200); // long enough for what would come unasked
    });
  });
  const ended = new Promise<void>((resolve, reject) => {
    body.on('end', resolve).on('error', reject);
  });
  await paused;
  t.deepEqual([chunks.length, body.readableLength], [1, 0]);
  body.removeAllListeners('data').on('data', (chunk: Buffer) => chunks.push(Buffer.from(chunk)));
  body.resume();
  await ended;
  t.true(Buffer.concat(chunks).equals(bytes));
});

test('a client that leaves ends it all at once: nobody asks again', async (t) => {
  const refusing: Behaviour[] = Array(100_000).fill(saying(503));
  for (const script of [refusing, [cutAt(half), ...refusing], [() => {}]] satisfies Behaviour[][]) {
    const { asked, gone, follow } = await scene(t, script);
    const reading = follow().then(({ body }) => readAll(body));
    await until(() => asked.length >= Math.min(3, script.length));
    gone.abort();
    const error = await reading.then(
      ({ error }) => error,
      (error: Error) => error,
    );
    t.regex(error?.message ?? '', /abort/);
    await sleep(50); // what was on its way
    const count = asked.length;
    await sleep(200);
    t.is(asked.length, count);
  }
});
