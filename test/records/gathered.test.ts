import test from 'ava';
import { gathered } from '../../src/records/firestore/gathered.ts';

/** Work that ends when it is told to. */
function scene() {
  const begun: { key: string; items: readonly number[]; end: PromiseWithResolvers<void> }[] = [];
  const add = gathered<number>((key, items) => {
    const end = Promise.withResolvers<void>();
    begun.push({ key, items: [...items], end });
    return end.promise;
  });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return { begun, add, turn };
}

test('what comes for a key while its work is under way is done together, after it; other keys do not wait', async (t) => {
  const { begun, add, turn } = scene();
  const all = [add('a', 1), add('a', 2), add('a', 3), add('b', 4)];
  await turn();
  t.deepEqual(
    begun.map(({ key, items }) => [key, items]),
    [
      ['a', [1]],
      ['b', [4]],
    ],
  );
  begun[0]?.end.resolve();
  await turn();
  all.push(add('a', 5));
  t.deepEqual(begun[2]?.items, [2, 3]);
  begun[1]?.end.resolve();
  begun[2]?.end.resolve();
  await turn();
  t.deepEqual(begun[3]?.items, [5]);
  begun[3]?.end.resolve();
  await Promise.all(all);
});

test('work that fails fails for those that it was for, and for nobody else', async (t) => {
  const { begun, add, turn } = scene();
  const [first, second] = [add('a', 1), add('a', 2)];
  await turn();
  begun[0]?.end.reject(new Error('no'));
  await t.throwsAsync(first, { message: 'no' });
  await turn();
  begun[1]?.end.resolve();
  await t.notThrowsAsync(second);
});
