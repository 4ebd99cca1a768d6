import test from 'ava';
import { lru } from '../src/lru.ts';

test('what was longest not asked for is forgotten first', (t) => {
  const kept = lru<number>(2);
  kept.set('a', 1);
  kept.set('b', 2);
  t.is(kept.get('a'), 1);
  kept.set('c', 3);
  t.is(kept.get('b'), undefined);
  t.deepEqual(kept.entries(), [
    ['a', 1],
    ['c', 3],
  ]);
  kept.set('a', 4);
  t.deepEqual(kept.values(), [3, 4]);
  kept.delete('c');
  kept.set('d', 5);
  t.deepEqual(kept.values(), [4, 5]);
});
