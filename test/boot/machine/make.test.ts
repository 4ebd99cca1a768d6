import test from 'ava';
import { claimedMake, longestMake } from '../../../src/boot/machine/make.ts';

const claimed = (manufacturer: string | undefined, product?: string) =>
  claimedMake((name) => ({ manufacturer, product })[name]);

test('the make is what firmware says, without the spaces that fill it up', (t) => {
  t.deepEqual(claimed(' Dell Inc.  ', 'PowerEdge   R640'), {
    manufacturer: 'Dell Inc.',
    product: 'PowerEdge R640',
  });
  t.deepEqual(claimed('Gigabyte™', undefined), { manufacturer: 'Gigabyte™' });
  t.deepEqual(claimed(undefined, 'None of your business'), { product: 'None of your business' });
});

test('what stands where nobody set it is no claim', (t) => {
  for (const text of [
    'To Be Filled By O.E.M.',
    'to be filled by OEM',
    'Default string',
    'System manufacturer',
    'System Product Name',
    'O.E.M.',
    'Not Specified',
    'Not Applicable',
    'N/A',
    'None',
    'Unknown',
    'INVALID',
    '0123'.replaceAll(/\d/g, '0'),
    'xxxxxxxx',
    '...',
    '   ',
    '',
    '${manufacturer}',
    '${manufacturer:uristring}',
  ])
    t.deepEqual(claimed(text, text), {}, text);
});

test('what cannot be shown or is too long is no claim, and refuses nothing', (t) => {
  for (const text of [
    'a\0b',
    'a\nb',
    'a\u202eb',
    '\ufffd\ufffd',
    '\ud800',
    'x1'.repeat(longestMake),
    'M'.repeat(longestMake + 1),
  ])
    t.deepEqual(claimed(text, text), {}, JSON.stringify(text));
  t.is(claimed('M'.repeat(longestMake)).manufacturer?.length, longestMake);
});
