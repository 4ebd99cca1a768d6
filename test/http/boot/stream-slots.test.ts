import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { type Place, StreamSlots } from '../../../src/http/boot/stream-slots.ts';

const floor = 1_000_000;

/** Places, and who had to give way. */
function house(limits: { total: number; perSource?: number; floor?: number; windowMs?: number }) {
  const gone: string[] = [];
  const slots = new StreamSlots({ perSource: limits.total, floor, windowMs: 300, ...limits });
  const take = (address: string, name = address, isFirstStage = false) =>
    slots.take({ address, isFirstStage, giveWay: () => gone.push(name) });
  return { take, gone };
}

/** A stream that reads so many bits per second and keeps us waiting. */
function reads(t: ExecutionContext, place: Place | undefined, bitsPerSecond: number): void {
  if (!place) return;
  place.progress.waits = true;
  const reading = setInterval(() => {
    place.progress.bytes += bitsPerSecond / 8 / 50;
  }, 20);
  t.teardown(() => clearInterval(reading));
}

test('while more than half is taken, a source has an eighth; by IPv6 all of a /64 is one source', (t) => {
  const { take } = house({ total: 32 });
  let own = 0;
  while (take('2001:db8::1')) own += 1;
  t.is(own, 17, 'half, and the one with which it is more');
  t.falsy(take('2001:db8::ffff:2'), 'the same /64');
  for (const source of ['2001:db8:0:1::1', '10.0.0.1']) {
    let others = 0;
    while (take(source)) others += 1;
    t.is(others, 4, source);
  }
});

test('a place that is given back is there again, once', (t) => {
  const { take } = house({ total: 2 });
  const [one, two] = [take('10.0.0.1'), take('10.0.0.2')];
  t.falsy(take('10.0.0.3'));
  one?.release();
  one?.release();
  t.truthy(take('10.0.0.3'));
  t.falsy(take('10.0.0.4'));
  two?.release();
  t.truthy(take('10.0.0.4'));
});

test('some places are kept for first stages, which have the others too', (t) => {
  const { take } = house({ total: 16 });
  let n = 0;
  while (take(`10.0.${n}.1`)) n += 1;
  t.is(n, 15);
  t.truthy(take('10.1.0.1', 'first', true));
  t.falsy(take('10.1.0.2', 'second', true));
});

test('as long as there is room, however slow a reader is, it stays', async (t) => {
  const { take, gone } = house({ total: 2 });
  take('10.0.0.1');
  await sleep(700);
  take('10.0.0.2');
  t.deepEqual(gone, []);
});

test('when the house is full, the slowest under the floor gives way; who is above it, new, or waits for the storage, stays', async (t) => {
  const { take, gone } = house({ total: 5 });
  reads(t, take('10.0.0.1', 'slow'), floor / 10);
  reads(t, take('10.0.0.2', 'slowest'), floor / 100);
  reads(t, take('10.0.0.3', 'fast'), 50 * floor);
  take('10.0.0.4', 'waits for the storage');
  await sleep(900);
  reads(t, take('10.0.0.5', 'new'), 0);
  t.truthy(take('10.0.0.6'));
  t.truthy(take('10.0.0.7'));
  t.deepEqual(gone, ['slowest', 'slow']);
  t.falsy(take('10.0.0.8'));
});

test('whoever has read fast once and then stops is slow a window later', async (t) => {
  const { take, gone } = house({ total: 1 });
  const place = take('10.0.0.1', 'stopped');
  if (place) Object.assign(place.progress, { bytes: 1e9, waits: true });
  await sleep(900);
  t.truthy(take('10.0.0.2'));
  t.deepEqual(gone, ['stopped']);
});

test('a source that has its share makes room for itself alone', async (t) => {
  const { take, gone } = house({ total: 9, perSource: 2 });
  for (const name of ['first', 'second']) reads(t, take('10.0.0.1', name), 0);
  reads(t, take('10.0.0.2', 'other'), 0);
  await sleep(900);
  t.truthy(take('10.0.0.1', 'third'));
  t.deepEqual(gone, ['first']);
});

test('without a floor nobody gives way', async (t) => {
  const { take, gone } = house({ total: 1, floor: 0 });
  reads(t, take('10.0.0.1'), 0);
  await sleep(700);
  t.falsy(take('10.0.0.2'));
  t.deepEqual(gone, []);
});
