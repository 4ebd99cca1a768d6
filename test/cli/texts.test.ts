import test from 'ava';
import fc from 'fast-check';
import { outline } from '../../src/cli/output/outline.ts';
import { progress, progressLine } from '../../src/cli/output/progress.ts';
import { table, tableOn } from '../../src/cli/output/table.ts';
import { bytes, duration } from '../../src/cli/output/units.ts';
import { jsonLine, printable } from '../../src/cli/verb/printable.ts';

test('columns line up, and the last one is not padded', (t) => {
  t.is(
    table(
      ['NAME', 'ID'],
      [
        ['a', '1'],
        ['longer', '22'],
      ],
    ),
    'NAME    ID\na       1\nlonger  22\n',
  );
  t.is(table(['NAME', 'ID'], []), 'NAME  ID\n');
});

test('a wide cell is folded after spaces and commas', (t) => {
  t.is(
    table(
      ['A', 'B'],
      [
        ['x', '10.0.0.0/8,::1/128,fe80::/10'],
        ['y', 'one two three'],
      ],
      12,
    ),
    'A  B\nx  10.0.0.0/8,\n   ::1/128,\n   fe80::/10\ny  one two\n   three\n',
  );
});

test('no text of a server can steer the terminal', (t) => {
  t.is(printable('a\u001b[2Jb\r\n\u009b\u202ec\u2028'), 'a\\u{1b}[2Jb\\u{d}\\u{a}\\u{9b}\\u{202e}c\\u{2028}');
  const steering = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.jsonValue(), (text, value) => {
      const lines = [
        ...table([text], [[text]], 20)
          .trimEnd()
          .split('\n'),
        ...outline({ [text]: value, text }).split('\n'),
      ];
      t.deepEqual(
        lines.filter((line) => steering.test(line)),
        [],
      );
      const line = jsonLine({ text, value });
      t.notRegex(line.slice(0, -1), steering);
      t.deepEqual(JSON.parse(line), JSON.parse(JSON.stringify({ text, value })));
    }),
  );
});

test('an outline shows texts of several lines as blocks, like objects as a table, and what is missing as -', (t) => {
  const plans = [
    { path: '/asset/1/kernel', plan: 'redirect', reason: 'iPXE follows' },
    { path: '/asset/1/initrd/0', plan: 'stream' },
  ];
  const text = outline({
    client: { id: 'ipxe', maxUrlLength: 255, needs: { head: false } },
    script: '#!ipxe\nboot\u0007\n',
    plans,
    networks: ['10.0.0.0/8', '::1/128'],
    boot_url: null,
    labels: {},
    history: [],
    gone: undefined,
    nested: [{ deep: { x: 1 } }],
    wide: [{ a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7 }],
  });
  t.is(
    text,
    `client:
  id: ipxe
  max url length: 255
  needs:
    head: false
script:
  #!ipxe
  boot\\u{7}
plans:
  path               plan      reason
  /asset/1/kernel    redirect  iPXE follows
  /asset/1/initrd/0  stream    -
networks: 10.0.0.0/8, ::1/128
boot url: -
labels: -
history: -
nested 1:
  deep:
    x: 1
wide 1:
  a: 1
  b: 2
  c: 3
  d: 4
  e: 5
  f: 6
  g: 7
`,
  );
});

test('sizes and durations are short', (t) => {
  t.deepEqual([0, 1023, 1024, 1_048_575, 20_000_000, 5 * 2 ** 40].map(bytes), [
    '0 B',
    '1023 B',
    '1.0 KiB',
    '1.0 MiB',
    '19.1 MiB',
    '5.0 TiB',
  ]);
  t.deepEqual([0, 9.4, 59.6, 754, 3723].map(duration), ['0:00', '0:09', '1:00', '12:34', '1:02:03']);
});

test('a progress line has a bar, bytes, rate and what remains', (t) => {
  const now = { label: 'sending', done: 10 * 2 ** 20, total: 20 * 2 ** 20, rate: 5 * 2 ** 20 };
  t.is(progressLine(now), 'sending  [#####.....]  50%  10.0 MiB of 20.0 MiB  5.0 MiB/s  0:02 left');
  t.is(progressLine({ ...now, rate: 0 }), 'sending  [#####.....]  50%  10.0 MiB of 20.0 MiB');
});

test('progress is drawn ten times a second at most, within the width of the terminal, and wiped', (t) => {
  let written: string[] = [];
  let now = 0;
  const output = { isTTY: true, columns: 40, write: (text: string) => written.push(text) };
  const bar = progress(output, () => new Date(now), false);
  for (now = 1000; now <= 2000; now += 10) bar.at('sending', now, 4000);
  t.is(written.length, 11);
  for (const line of written) {
    t.true(line.startsWith('\r') && line.endsWith('\u001b[K'));
    t.true(line.length <= '\r'.length + 39 + '\u001b[K'.length);
  }
  bar.at('sending', 4000, 4000);
  t.is(written.length, 12, 'the end is always shown');
  bar.note(`evil\u001b[2J`);
  t.is(written.at(-1), '\revil\\u{1b}[2J\u001b[K');
  bar.end();
  t.is(written.at(-1), '\r\u001b[K');

  written = [];
  const quiet = [
    progress(output, () => new Date(), true),
    progress({ ...output, isTTY: false }, () => new Date(), false),
  ];
  for (const one of quiet) {
    one.at('sending', 1, 1);
    one.note('x');
    one.end();
  }
  t.deepEqual(written, []);
});

test('a table on a screen fits it, ids stay whole as long as they can, and nothing is lost', (t) => {
  const id = '0197f7a2-1111-7222-8333-444455556666';
  const rows = [
    ['node-01', 'aa:bb:cc:dd:ee:01,aa:bb:cc:dd:ee:02', 'rack=r1,role=db', id],
    ['a-very-long-name-without-a-break-in-it', '-', '-', id],
  ];
  const titles = ['NAME', 'MACS', 'LABELS', 'ID'];
  for (const columns of [200, 100, 80, 60, 40]) {
    const text = tableOn({ write: () => {}, isTTY: true, columns }, titles, rows);
    for (const line of text.split('\n')) t.true(line.length <= columns, line);
    t.is(text.includes(id), columns >= 80, String(columns));
    const letters = (one: string) => [...one.replace(/\s/g, '')].sort().join('');
    t.is(letters(text), letters([titles, ...rows].flat().join('')));
  }
  t.is(
    tableOn({ write: () => {}, columns: 10 }, titles, rows).split('\n').length,
    4,
    'no screen: a row is a line',
  );
});
