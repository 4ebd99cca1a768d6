import test from 'ava';
import fc from 'fast-check';
import { isLike } from '../../../src/boot/rule/pattern.ts';

test('without a star a pattern may stand anywhere in the name, in either case', (t) => {
  t.true(isLike('epyc', 'AMD EPYC 7302P 16-Core Processor'));
  t.true(isLike('AMD EPYC 7302P 16-Core Processor', 'amd epyc 7302p 16-core processor'));
  t.true(isLike('Xeon(R) CPU E5', 'Intel(R) Xeon(R) CPU           E5-2680'));
  t.false(isLike('xeon', 'AMD EPYC 7302P'));
  t.false(isLike('epyc.7302', 'AMD EPYC 7302P'), 'no sign but the star means anything else');
});

test('with a star it is about the whole name', (t) => {
  for (const [pattern, name, like] of [
    ['dell*', 'Dell Inc.', true],
    ['dell*', 'Not Dell', false],
    ['*R640', 'PowerEdge R640', true],
    ['*R640', 'PowerEdge R640xs', false],
    ['*nvme*samsung*', 'NVMe disk by Samsung', true],
    ['*', '', true],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['a*b*a', 'aba', true],
    ['*ab*ab', 'ab', false],
    ['**', 'anything', true],
  ] as const)
    t.is(isLike(pattern, name), like, `${pattern}: ${name}`);
});

test('a star means what .* means', (t) => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 });
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 });
  fc.assert(
    fc.property(
      pattern.filter((one) => one.includes('*')),
      text,
      (one, name) => {
        t.is(isLike(one, name), new RegExp(`^${one.replaceAll('*', '.*')}$`).test(name));
      },
    ),
  );
});

test('no pattern takes long, whatever the name', (t) => {
  t.false(isLike('*a'.repeat(64), `${'a'.repeat(256)}b`));
});
