import test from 'ava';
import Registry from 'prom-client/lib/registry.js';
import { counted } from '../../../src/telemetry/metrics/counted.ts';
import { mostValues } from '../../../src/telemetry/metrics/labelled.ts';
import { observed } from '../../../src/telemetry/metrics/observed.ts';

const help = 'Things';

/** The samples of the page, comments left out. */
async function samples(registry: Registry): Promise<string[]> {
  return (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

test('what is counted is on the page, by its labels, however often the page is asked for', async (t) => {
  const registry = new Registry();
  const some = counted(registry, {
    name: 'some_total',
    help,
    labels: ['a', 'b'],
    zero: [{ a: '1', b: '0' }],
  });
  const plain = counted(registry, { name: 'plain_total', help });
  t.deepEqual(await samples(registry), ['some_total{a="1",b="0"} 0', 'plain_total 0']);
  some.inc({ a: '1', b: '2' });
  some.inc({ b: '2', a: '1' }, 4);
  some.inc({ a: '2', b: '1' }, 0);
  plain.inc({});
  plain.inc({}, 2);
  const expected = [
    'some_total{a="1",b="0"} 0',
    'some_total{a="1",b="2"} 5',
    'some_total{a="2",b="1"} 0',
    'plain_total 3',
  ];
  t.deepEqual(await samples(registry), expected);
  t.deepEqual(await samples(registry), expected);
});

test('a label has a hundred values, then other; those that are known stay', async (t) => {
  const registry = new Registry();
  const things = counted(registry, { name: 'things_total', help, labels: ['kind', 'colour'] });
  const sizes = observed(registry, { name: 'sizes', help, labels: ['kind'], buckets: [1, 2] });
  for (let n = 0; n < 3 * mostValues; n += 1) {
    things.inc({ kind: `kind ${n}`, colour: 'red' });
    sizes.observe({ kind: `kind ${n}` }, 1);
  }
  things.inc({ kind: 'kind 0', colour: 'red' });
  things.inc({ kind: 'never seen', colour: 'blue' });
  const found = await samples(registry);
  const ofThings = found.filter((line) => line.startsWith('things'));
  t.is(ofThings.length, mostValues + 2);
  t.true(ofThings.includes('things_total{kind="kind 0",colour="red"} 2'));
  t.true(ofThings.includes(`things_total{kind="other",colour="red"} ${2 * mostValues}`));
  t.true(ofThings.includes('things_total{kind="other",colour="blue"} 1'));
  const counts = found.filter((line) => line.startsWith('sizes_count'));
  t.is(counts.length, mostValues + 1);
  t.true(counts.includes(`sizes_count{kind="other"} ${2 * mostValues}`));
});

test('what is measured without labels is on the page', async (t) => {
  const registry = new Registry();
  const sizes = observed(registry, { name: 'sizes', help, buckets: [1, 2] });
  sizes.observe({}, 1.5);
  t.deepEqual(await samples(registry), [
    'sizes_bucket{le="1"} 0',
    'sizes_bucket{le="2"} 1',
    'sizes_bucket{le="+Inf"} 1',
    'sizes_sum 1.5',
    'sizes_count 1',
  ]);
});
