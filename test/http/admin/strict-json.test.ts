import test from 'ava';
import fc from 'fast-check';
import { readStrictJson } from '../../../src/http/admin/strict-json.ts';

const fault = (text: string) => {
  const read = readStrictJson(text);
  return 'fault' in read ? read.fault : undefined;
};

test('what JSON.parse reads without loss is read as JSON.parse reads it', (t) => {
  const indent = fc.constantFrom('', ' ', '\t', '\n ');
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), indent, (wanted, indent) => {
      const text = JSON.stringify(wanted, undefined, indent);
      const read = readStrictJson(text);
      if (/"__proto__":/.test(text)) return 'fault' in read;
      const kept = 'value' in read && JSON.stringify(read.value, undefined, indent) === text;
      return kept || (/\d{16}/.test(text) && 'fault' in read);
    }),
    { numRuns: 500 },
  );
  t.deepEqual(readStrictJson('{"a":{"b":[{"a":1}]},"b":[{"a":2},{"a":3}],"c":"a:a","d":"{\\"d\\":"}'), {
    value: { a: { b: [{ a: 1 }] }, b: [{ a: 2 }, { a: 3 }], c: 'a:a', d: '{"d":' },
  });
});

test('a key twice in one object is found, however it is written and wherever it is', (t) => {
  for (const text of [
    '{"a":1,"a":1}',
    '{"a":1, "\\u0061" : 2}',
    '{"":1,"":2}',
    '{"x":[{"a":{"a":1}},{"b":1,"c":{"b":2},"b":3}]}',
    '{"a":"}","b":"\\"","a":0}',
    '{"a\\"":1,"a\\"":2}',
  ])
    t.regex(fault(text) ?? '', /for the second time/, text);
  const keys = fc.uniqueArray(fc.string({ unit: 'binary' }), { minLength: 1 });
  const value = fc.jsonValue({ maxDepth: 2 });
  fc.assert(
    fc.property(keys, value, fc.nat(), (names, value, pick) => {
      fc.pre(!names.includes('__proto__') && names.every((name) => name.isWellFormed()));
      const pairs = [...names, names[pick % names.length]].map(
        (name) => `${JSON.stringify(name)}:${JSON.stringify(value)}`,
      );
      return fault(`[{${pairs}}]`) !== undefined;
    }),
  );
});

test('what would become something else is a fault', (t) => {
  t.regex(fault('{"__proto__":{}}') ?? '', /no name/);
  t.regex(fault('{"\\u005f_proto__":{}}') ?? '', /no name/);
  for (const number of ['1e999', '-1e999', '9007199254740993', '123456789012345678901234567890'])
    t.regex(fault(`[${number}]`) ?? '', /number/, number);
  for (const number of ['0', '-0.1', '1e3', '0.1', '9007199254740991', '1.5E-3', '1e-999'])
    t.is(fault(`[${number}]`), undefined, number);
  for (const half of ['\\ud800', '\\udc00x', '\\udc00\\ud800'])
    t.regex(fault(`"${half}"`) ?? '', /surrogate/);
  t.is(fault('"\\ud83d\\ude00😀"'), undefined);
  t.is(fault(`${'['.repeat(64)}${']'.repeat(64)}`), undefined);
  t.regex(fault(`${'['.repeat(65)}${']'.repeat(65)}`) ?? '', /deeper/);
  t.regex(fault('\ufeff{}') ?? '', /no JSON/);
  for (const text of ['', '{', '{"a":secret}', 'undefined', "{'a':1}", '{"a":1,}', '// x\n1', 'NaN', '01']) {
    t.regex(fault(text) ?? '', /no JSON/, text);
    t.notRegex(fault(text) ?? '', /secret/);
  }
});

test('a text of a megabyte is read, whatever it is made of', (t) => {
  const texts = [
    `[${'"\\\\",'.repeat(200_000)}1]`,
    `"${'\\"'.repeat(500_000)}"`,
    `{${Array.from({ length: 70_000 }, (_, n) => `"key ${n}":${n}`)}}`,
  ];
  for (const text of texts) t.is(fault(text), undefined);
});
