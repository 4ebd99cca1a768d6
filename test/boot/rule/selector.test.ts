import test from 'ava';
import fc from 'fast-check';
import {
  deepestSelector,
  judge,
  largestSelector,
  type Selector,
  type Subject,
  selectorFault,
  selectorText,
  subjectOf,
} from '../../../src/boot/rule/selector.ts';
import { machine } from '../examples.ts';

const subject: Subject = {
  macs: ['52:54:00:aa:bb:01', '52:54:00:aa:bb:02'],
  uuid: '0a1b2c3d-0000-4000-8000-00000000000f',
  serial: 'SN 1',
  labels: { rack: 'r2', gpu: '' },
  arch: 'x86_64',
  source: '10.1.2.3',
  manufacturer: 'Dell Inc.',
  product: 'PowerEdge R640',
  hardware: {
    cpus: [{ model: 'AMD EPYC 7302P', cores: 16 }, { model: 'AMD EPYC 7302P' }],
    memory: 64 * 2 ** 30,
    drives: [{ model: 'A1' }, { model: 'B2' }, { model: 'C3' }, { model: 'D4', size: 10 ** 12 }],
    nics: [{ mac: '52:54:00:aa:bb:01' }],
  },
};

const cases: readonly [Selector, 'yes' | 'no', string][] = [
  [{ mac: '52:54:00:aa:bb:02' }, 'yes', 'mac 52:54:00:aa:bb:02 is one of its own'],
  [
    { mac: '52:54:00:aa:bb:03' },
    'no',
    'mac 52:54:00:aa:bb:03 is not among 52:54:00:aa:bb:01, 52:54:00:aa:bb:02',
  ],
  [{ uuid: '0a1b2c3d-0000-4000-8000-00000000000f' }, 'yes', 'uuid is 0a1b2c3d-0000-4000-8000-00000000000f'],
  [{ serial: 'SN 2' }, 'no', 'serial is SN 1, not SN 2'],
  [{ label: { rack: 'r2' } }, 'yes', 'label rack is r2'],
  [{ label: { rack: 'r1' } }, 'no', 'label rack is r2, not r1'],
  [{ label: { gpu: true } }, 'yes', 'label gpu is '],
  [{ label: { row: true } }, 'no', 'there is no label row'],
  [JSON.parse('{"label":{"constructor":true}}'), 'no', 'there is no label constructor'],
  [{ label: { rack: 'r2', row: '1' } }, 'no', 'there is no label row'],
  [{ arch: 'arm64' }, 'no', 'arch is x86_64, not arm64'],
  [{ network: '10.0.0.0/8' }, 'yes', 'source 10.1.2.3 is in network 10.0.0.0/8'],
  [{ network: 'fd00::/8' }, 'no', 'source 10.1.2.3 is not in network fd00::/8'],
  [{ all: [] }, 'yes', 'all of nothing: every machine'],
  [{ any: [] }, 'no', 'any of nothing: no machine'],
  [{ not: { label: { rack: 'r1' } } }, 'yes', 'not: label rack is r2, not r1'],
  [{ all: [{ arch: 'x86_64' }, { label: { rack: 'r1' } }] }, 'no', 'label rack is r2, not r1'],
  [{ any: [{ arch: 'arm64' }, { label: { rack: 'r2' } }] }, 'yes', 'label rack is r2'],
  [{ hardware: { cpu: 'epyc' } }, 'yes', 'cpu AMD EPYC 7302P is like epyc'],
  [{ hardware: { cpu: 'intel*' } }, 'no', 'cpu is AMD EPYC 7302P, not like intel*'],
  [{ hardware: { drive: 'd4' } }, 'yes', 'drive D4 is like d4'],
  [{ hardware: { drive: 'nvme' } }, 'no', 'drive is A1, B2, C3 and 1 more, not like nvme'],
  [{ hardware: { nic: '*' } }, 'no', 'no nic is registered'],
  [{ hardware: { accelerator: 'h100' } }, 'no', 'no accelerator is registered'],
  [{ not: { hardware: { accelerator: 'h100' } } }, 'yes', 'not: no accelerator is registered'],
  [{ hardware: { memory_at_least: 64 * 2 ** 30 } }, 'yes', 'memory is 64 GiB, at least 64 GiB'],
  [{ hardware: { memory_at_least: 2 ** 37 } }, 'no', 'memory is 64 GiB, not at least 128 GiB'],
  [
    { hardware: { cpu: 'EPYC', memory_at_least: 2 ** 30 } },
    'yes',
    'cpu AMD EPYC 7302P is like EPYC and memory is 64 GiB, at least 1 GiB',
  ],
  [{ hardware: { cpu: 'EPYC', memory_at_least: 2 ** 37 } }, 'no', 'memory is 64 GiB, not at least 128 GiB'],
  [{ manufacturer: 'dell' }, 'yes', 'manufacturer Dell Inc. is like dell'],
  [{ manufacturer: 'HPE' }, 'no', 'manufacturer is Dell Inc., not like HPE'],
  [{ product: '*R640' }, 'yes', 'product PowerEdge R640 is like *R640'],
];

test('every kind of selector says whether it matches, and why', (t) => {
  for (const [selector, match, because] of cases)
    t.like(judge(selector, subject), { match, because }, JSON.stringify(selector));
});

test('what only the request can say is neither yes nor no, unless the rest decides', (t) => {
  const stored: Subject = { macs: [], labels: { rack: 'r1' } };
  const match = (selector: Selector) => judge(selector, stored).match;
  const open: Selector[] = [
    { network: '10.0.0.0/8' },
    { arch: 'arm64' },
    { manufacturer: 'dell' },
    { product: '*' },
  ];
  for (const unknown of open) {
    t.is(match(unknown), 'unknown');
    t.is(match({ not: unknown }), 'unknown');
    t.is(match({ all: [unknown, { label: { rack: 'r1' } }] }), 'unknown');
    t.is(match({ all: [unknown, { label: { rack: 'r2' } }] }), 'no');
    t.is(match({ any: [unknown, { label: { rack: 'r1' } }] }), 'yes');
    t.is(match({ any: [unknown, { label: { rack: 'r2' } }] }), 'unknown');
  }
});

test("a machine's label says its architecture, whatever the caller claims", (t) => {
  t.is(subjectOf(machine({ labels: { arch: 'aarch64' } }), { arch: 'x86_64' }).arch, 'arm64');
  t.is(subjectOf(machine(), { arch: 'arm64' }).arch, 'arm64');
  t.is(subjectOf(machine({ labels: { arch: 'nonsense' } })).arch, undefined);
});

test('what is registered of the make counts, whatever the machine claims; else its claim', (t) => {
  const claim = { make: { manufacturer: 'HPE', product: 'DL360' } };
  t.like(subjectOf(machine({ hardware: { manufacturer: 'Dell' } }), claim), {
    manufacturer: 'Dell',
    product: 'DL360',
  });
  t.like(subjectOf(machine(), claim), { manufacturer: 'HPE', product: 'DL360' });
  t.false('manufacturer' in subjectOf(machine()));
});

test('nobody says later what is in a machine: hardware that is not registered is no match', (t) => {
  t.is(judge({ hardware: { cpu: '*' } }, { macs: [], labels: {} }).match, 'no');
  t.is(judge({ hardware: { memory_at_least: 1 } }, { macs: [], labels: {} }).match, 'no');
});

const leaf: fc.Arbitrary<Selector> = fc.oneof(
  fc.constantFrom<Selector>(...cases.map(([selector]) => selector)),
  fc.record({
    label: fc.dictionary(fc.constantFrom('rack', 'row'), fc.constantFrom('r1', 'r2', true as const), {
      minKeys: 1,
    }),
  }),
);
const { selector: anySelector } = fc.letrec<{ selector: Selector }>((tie) => ({
  selector: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.record({ all: fc.array(tie('selector'), { maxLength: 3 }) }),
    fc.record({ any: fc.array(tie('selector'), { maxLength: 3 }) }),
    fc.record({ not: tie('selector') }),
  ),
}));

test('not, and, or obey their laws, with the third value too', (t) => {
  const subjects = fc.constantFrom<Subject>(subject, { macs: [], labels: { rack: 'r1' } });
  fc.assert(
    fc.property(anySelector, anySelector, subjects, (a, b, of) => {
      const match = (selector: Selector) => judge(selector, of).match;
      t.is(match({ not: { not: a } }), match(a));
      t.is(match({ not: { all: [a, b] } }), match({ any: [{ not: a }, { not: b }] }));
      t.is(match({ all: [a, b] }), match({ all: [b, a] }));
      t.is(match({ any: [a, a] }), match(a));
      t.not(judge(a, of).because, '');
      t.not(selectorText(a), '');
    }),
  );
});

test('what is known later only turns unknown into yes or no, never yes into no', (t) => {
  const { arch: _, source: __, manufacturer: ___, product: ____, ...stored } = subject;
  fc.assert(
    fc.property(
      anySelector,
      fc.constantFrom('x86_64' as const, 'arm64' as const),
      fc.constantFrom('10.1.2.3', '192.168.0.1', 'fd00::1'),
      fc.record({ manufacturer: fc.constantFrom('Dell', 'HPE'), product: fc.constantFrom('R640', 'x') }),
      (selector, arch, source, make) => {
        const before = judge(selector, stored).match;
        const after = judge(selector, { ...stored, arch, source, ...make }).match;
        t.not(after, 'unknown');
        if (before !== 'unknown') t.is(after, before);
      },
    ),
  );
});

test('a selector is bounded in depth and in size', (t) => {
  let deep: Selector = { arch: 'arm64' };
  for (let n = 1; n < deepestSelector; n += 1) deep = { not: deep };
  t.is(selectorFault(deep), undefined);
  t.regex(selectorFault({ not: deep }) ?? '', /deeper/);
  const wide = (n: number): Selector => ({
    any: Array.from({ length: n }, () => ({ arch: 'arm64' }) as const),
  });
  t.is(selectorFault(wide(largestSelector - 1)), undefined);
  t.regex(selectorFault(wide(largestSelector)) ?? '', /more than/);
  const bottomless: { not?: unknown } = {};
  bottomless.not = bottomless;
  t.regex(selectorFault(bottomless) ?? '', /deeper/);
});

test('a selector reads as one line', (t) => {
  t.is(
    selectorText({
      all: [
        { label: { rack: 'r1', gpu: true } },
        { not: { any: [{ arch: 'arm64' }, { network: '10.0.0.0/8' }] } },
      ],
    }),
    '(label rack=r1 and label gpu and not (arch arm64 or network 10.0.0.0/8))',
  );
  t.is(selectorText({ all: [] }), 'every machine');
  t.is(
    selectorText({
      any: [
        { manufacturer: 'Dell*' },
        { product: 'R6' },
        { hardware: { cpu: 'EPYC', memory_at_least: 2 ** 36 } },
      ],
    }),
    '(manufacturer like Dell* or product like R6 or cpu like EPYC and memory of at least 64 GiB)',
  );
});
