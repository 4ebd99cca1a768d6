import test from 'ava';
import { parseSize, sizeText } from '../../src/boot/size.ts';

test('a size is bytes, or a number with a unit of either kind, in any case', (t) => {
  for (const [text, bytes] of [
    ['65536', 65536],
    ['0', 0],
    ['64GiB', 64 * 2 ** 30],
    ['64 gib', 64 * 2 ** 30],
    ['64GB', 64e9],
    ['1 TiB', 2 ** 40],
    ['512 KB', 512_000],
    ['3B', 3],
  ] as const)
    t.is(parseSize(text), bytes, text);
  for (const text of ['', 'GiB', '64G', '-1', '1.5GiB', '64 GiBs', '9999999 PiB', '0x10', '1e3'])
    t.is(parseSize(text), undefined, text);
});

test('a size is said in the largest unit that says it exactly', (t) => {
  t.is(sizeText(64 * 2 ** 30), '64 GiB');
  t.is(sizeText(1000), '1000 B');
  t.is(sizeText(1536), '1536 B');
  t.is(sizeText(0), '0 B');
});
