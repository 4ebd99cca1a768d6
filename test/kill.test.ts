import { randomBytes, randomInt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { readConfig } from '../src/config/config.ts';
import { expireUploads } from '../src/jobs/abandon.ts';
import { openParts } from '../src/parts.ts';
import { every } from '../src/records/records.ts';
import { announcement, askAdmin, byBroker, recorder, sha256 } from './support/broker.ts';
import { startChild, temporaryFolder } from './support/child.ts';
import { type Answered, ask, until } from './support/http.ts';
import { within } from './support/patience.ts';

const kills = 50;
const workers = 4;
const chunk = 256 * 1024;

/** Random, and the same again for the same seed: mulberry32. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Where the broker is at the moment, and how to ask it. */
interface Running {
  readonly admin: (target: string, json?: unknown) => Promise<Answered>;
  readonly storage: (
    url: string,
    method: string,
    headers: Record<string, string>,
    body?: Buffer,
  ) => Promise<Answered>;
}

/** One upload, and all that the broker has acknowledged of it. */
interface Job {
  readonly name: string;
  readonly mode: 'signed' | 'session';
  readonly bytes: Buffer;
  upload?: { readonly id: string; readonly asset_id: string };
  start?: { readonly url: string; readonly headers: Record<string, string> };
  session?: string;
  /** Bytes that the storage has said it has. */
  stored: number;
  /** Whether that has to be asked anew. */
  isLost: boolean;
  isSent: boolean;
  isAccepted: boolean;
  isReady: boolean;
}

/** A store that did not answer in time: nothing is acknowledged by that, and nothing lost. */
const busy = 'is busy';

/** What the end of the broker does to a request that is under way; or it said that it could not do it now. */
function isCut(error: unknown): boolean {
  const { code, message = '' } = error as { code?: string; message?: string };
  return ['ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(code ?? '') || ['aborted', busy].includes(message);
}

/** The answer, unless it is 503. */
async function unlessBusy(asking: Promise<Answered>): Promise<Answered> {
  const answered = await asking;
  if (answered.status === 503) throw new Error(busy);
  return answered;
}

/** For what nobody kills meanwhile. */
async function untilAnswered(ask: () => Promise<Answered>): Promise<Answered> {
  let answered: Answered | undefined;
  await until(async () => {
    answered = await ask().catch((error: Error) => {
      if (error.message === busy) return undefined;
      throw error;
    });
    return answered;
  });
  if (!answered) throw new Error(busy);
  return answered;
}

/** Takes the next step of an upload, as a careful client does; whatever was acknowledged before must still be so. */
async function step(t: ExecutionContext, job: Job, { admin, storage }: Running): Promise<void> {
  const total = job.bytes.length;
  if (!job.upload) {
    const asset = announcement({ kind: 'kernel', name: job.name, bytes: job.bytes });
    const { status, json, text } = await admin('/api/v1/uploads', { ...asset, mode: job.mode });
    t.is(status, 201, text);
    job.upload = json;
    if (job.mode === 'session') job.session = json.session_uri;
    else job.start = { url: json.signed_url, headers: json.headers };
  } else if (job.isAccepted) {
    const { status, json, text } = await admin(`/api/v1/uploads/${job.upload.id}/complete`, {});
    t.true(status === 200 || status === 202, text);
    job.isReady = status === 200;
    if (job.isReady) t.like(json, { state: 'ready', sha256: sha256(job.bytes) });
  } else if (!job.session && job.start) {
    const { status, headers, text } = await storage(job.start.url, 'POST', job.start.headers);
    t.is(status, 201, text);
    job.session = headers.location ?? '';
  } else if (!job.isSent && job.session) {
    const to = Math.min(job.stored + chunk, total);
    const range = job.isLost ? `bytes */${total}` : `bytes ${job.stored}-${to - 1}/${total}`;
    const body = job.isLost ? Buffer.alloc(0) : job.bytes.subarray(job.stored, to);
    const { status, headers, text } = await storage(job.session, 'PUT', { 'Content-Range': range }, body);
    t.true(status === 308 || status === 200, text);
    const stored = status === 200 ? total : Number(/\d+$/.exec(headers.range ?? '')?.[0] ?? -1) + 1;
    t.true(stored >= job.stored, `${stored} bytes are stored, ${job.stored} were acknowledged`);
    job.isLost = false;
    job.stored = stored;
    job.isSent = status === 200;
  } else {
    const { status, text } = await admin(`/api/v1/uploads/${job.upload.id}/complete`, {});
    t.true(status === 200 || status === 202, text);
    job.isAccepted = true;
  }
}

test('killed 50 times in the middle of uploads and completions, it loses nothing that it acknowledged', async (t) => {
  t.timeout(20 * 60_000); // fifty starts; each step has a limit of its own
  const seed = Number(process.env.BROKER_TEST_SEED ?? randomInt(2 ** 31));
  t.log(`seed ${seed}: repeat with BROKER_TEST_SEED=${seed}`);
  const random = chance(seed);
  const between = (least: number, most: number) => Math.floor(least + random() * (most - least));
  const folder = await temporaryFolder(t);
  /** Kept until there is a broker, a new one when it is killed. */
  let running = Promise.withResolvers<Running>();
  let isOver = false;
  /** Rejects when one of those who work at the same time has failed: then all of them end. */
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {});
  let isFailed = false;
  const fail = (error: unknown) => {
    isFailed = true;
    isOver = true;
    failure.reject(error);
  };
  const unlessFailed = <T>(what: string, promise: Promise<T>) =>
    within(what, Promise.race([failure.promise, promise]));
  const ready: Job[] = [];
  const under = new Set<Job>();

  const work = async (worker: number) => {
    for (let n = 0; !isOver; n++) {
      const size = random() < 0.1 ? between(4_000_000, 12_000_000) : between(1, 900_000);
      const job: Job = {
        name: `w${worker}-${n}`,
        mode: random() < 0.5 ? 'signed' : 'session',
        bytes: randomBytes(size),
        stored: 0,
        isLost: false,
        isSent: false,
        isAccepted: false,
        isReady: false,
      };
      under.add(job);
      while (!job.isReady && !isFailed) {
        try {
          await step(t, job, await unlessFailed('a broker', running.promise));
          onStep();
        } catch (error) {
          if (!isCut(error)) throw error;
          job.isLost = job.session !== undefined;
          await sleep(5);
        }
      }
      under.delete(job);
      ready.push(job);
    }
  };

  let onStep = () => {};
  /** Waits until so many more steps have been acknowledged. */
  const steps = async (wanted: number) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let left = wanted;
    onStep = () => {
      if (left-- <= 0) resolve();
    };
    if (wanted > 0) await unlessFailed(`${wanted} steps`, promise);
  };

  const start = async () => {
    const child = await startChild(t, { folder, env: { NODE_COMPILE_CACHE: join(folder, 'cache') } });
    const up = child.ready.then(async ({ admin, storage }): Promise<Running> => {
      const token = (await readFile(join(folder, 'data', 'admin-token'), 'utf8')).trim();
      return {
        admin: (target, json) => unlessBusy(askAdmin(admin, token, target, json)),
        storage: (url, method, headers, body) => {
          const { pathname, search } = new URL(url);
          return unlessBusy(ask(storage, pathname + search, { method, headers, ...(body && { body }) }));
        },
      };
    });
    up.catch(() => {}); // killed before it was up
    return { child, up };
  };

  /** Whatever was acknowledged is so. */
  const check = async ({ admin }: Running, jobs: readonly Job[]) => {
    for (const { upload, bytes, isReady } of jobs) {
      const { status, json, text } = await untilAnswered(() => admin(`/api/v1/assets/${upload?.asset_id}`));
      t.is(status, 200, text);
      if (isReady) t.like(json, { state: 'ready', sha256: sha256(bytes), upload_id: upload?.id });
      t.is((await untilAnswered(() => admin(`/api/v1/uploads/${upload?.id}`))).status, 200);
    }
  };

  // One that ends in order leaves its compiled modules to the others, which so start in half the time.
  const first = await start();
  await (await first.up).admin('/api/v1/uploads/x/complete', {});
  first.child.kill('SIGTERM');
  await first.child.ended;

  let inEarnest = 0;
  const drive = async () => {
    for (let n = 0; n < kills && !isOver; n++) {
      const { child, up } = await start();
      if (random() < 0.1) {
        await sleep(between(0, 600)); // while it starts
      } else {
        const now = await up;
        await check(now, [...ready.slice(-3), ...[...under].filter(({ upload }) => upload)]);
        running.resolve(now);
        await steps(between(0, 12));
        await sleep(between(0, 60)); // into the middle of the next
        inEarnest += 1;
        running = Promise.withResolvers(); // after it was resolved: who waits for it goes on
      }
      child.kill('SIGKILL');
      await child.ended;
    }
    const { child, up } = await start();
    isOver = true;
    running.resolve(await up);
    return { child, up };
  };
  const driving = drive();
  const working = [driving, ...Array.from({ length: workers }, (_, n) => work(n))];
  for (const one of working) one.catch(fail);
  await Promise.allSettled(working); // none of them outlives the test, whatever has failed
  if (isFailed) await failure.promise;
  const { child, up } = await driving;
  await check(await up, ready);
  child.kill('SIGTERM');
  t.is(await child.ended, 0);
  t.log(`${kills} kills, ${inEarnest} of them at work; ${ready.length} assets are ready`);
  t.true(ready.length >= workers);

  // A week later every upload has ended, and nothing lies in the storage but what is ready.
  const clock = () => new Date(Date.now() + 8 * 24 * 3600 * 1000);
  const data = {
    BROKER_DATA_DIR: join(folder, 'data'),
    BROKER_STORAGE_LISTEN: '127.0.0.1:0',
    BROKER_LOG_LEVEL: 'silent',
  };
  const read = readConfig(data, {});
  if ('mistakes' in read) throw new Error(read.mistakes.join('; '));
  const parts = await openParts(read.config, clock);
  t.teardown(parts.close);
  const { records, blobs } = parts;
  await expireUploads({ ...parts, clock, log: recorder([]), audit: byBroker }, new AbortController().signal);
  const states = new Set<string>();
  for await (const { state } of every((page) => records.listUploads({}, page))) states.add(state);
  t.true(
    [...states].every((state) => state === 'done' || state === 'expired'),
    [...states].join(),
  );
  const assets = await Array.fromAsync(every((page) => records.listAssets({ state: 'ready' }, page)));
  t.is(assets.length, ready.length);
  t.deepEqual(
    (await Array.fromAsync(blobs.list('assets/'))).map(({ object }) => object).sort(),
    assets.map(({ object }) => object).sort(),
  );
});
