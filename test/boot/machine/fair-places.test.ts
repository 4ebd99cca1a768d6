import test from 'ava';
import { FairPlaces } from '../../../src/boot/machine/fair-places.ts';

test('the host with the most gives up what it used longest ago; others keep theirs', (t) => {
  const places = new FairPlaces<number>(4);
  places.set('a', '1', 1);
  for (let n = 0; n < 100; n += 1) places.set('b', `${n}`, n);
  places.set('c', '1', 1);
  t.deepEqual(places.entries(), [
    ['a', '1', 1],
    ['b', '98', 98],
    ['b', '99', 99],
    ['c', '1', 1],
  ]);
  places.set('b', '98', 0);
  places.set('c', '2', 2);
  t.deepEqual(
    places.entries().map(([host, key]) => host + key),
    ['a1', 'b98', 'c1', 'c2'],
  );
  t.is(places.get('b', '98'), 0);
  t.is(places.size, 4);
});

test('of hosts with as many, the one that was heard longest ago gives up one; who is gone takes no place', (t) => {
  const places = new FairPlaces<number>(3);
  for (const host of ['a', 'b', 'c', 'a', 'd']) places.set(host, '1', 1);
  t.deepEqual(
    places.entries().map(([host]) => host),
    ['c', 'a', 'd'],
  );
  places.delete('c', '1');
  places.delete('nobody', '1');
  places.set('e', '1', 1);
  t.deepEqual(
    places.entries().map(([host]) => host),
    ['a', 'd', 'e'],
  );
});
