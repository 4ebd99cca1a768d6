import test from 'ava';
import fc from 'fast-check';
import { cmdlineFault, cmdlineSourceFault } from '../../src/boot/template/cmdline.ts';
import { renderedFor } from '../../src/boot/template/rendered.ts';
import { renderedCmdline, templateFault } from '../../src/boot/template/template.ts';
import { machine, revision } from './examples.ts';

const isTemplateFault = (value: unknown) =>
  (value as { kind?: string } | undefined)?.kind === 'template-fault';

const one = machine({
  name: 'rack1-01',
  macs: ['52:54:00:aa:bb:01', '52:54:00:aa:bb:02'],
  serial: 'SN1',
  labels: { rack: 'r1', 'a.b': 'x' },
});

test('a template speaks of its machine, and of nothing else', async (t) => {
  for (const [source, wanted] of [
    ['console=ttyS0 quiet', 'console=ttyS0 quiet'],
    ['id={{ machine.id }} name={{ machine.name }}', 'id=0197-machine name=rack1-01'],
    [
      'mac={{ machine.mac }} macs={{ machine.macs | join: "," }}',
      'mac=52:54:00:aa:bb:01 macs=52:54:00:aa:bb:01,52:54:00:aa:bb:02',
    ],
    ['rack={{ labels.rack }}/{{ machine.labels.rack | upcase }} {{ labels["a.b"] }}', 'rack=r1/R1 x'],
    ['row={{ labels.row | default: "none" }}', 'row=none'],
    ['{% if labels.row %}row={{ labels.row }}{% else %}quiet{% endif %}', 'quiet'],
    ['{% case labels.rack %}{% when "r1" %}a{% else %}b{% endcase %}', 'a'],
    ['{% raw %}{{ x }}{% endraw %}', '{{ x }}'],
  ])
    t.is(await renderedCmdline(source ?? '', one), wanted ?? '', source);
});

test('what is not there is an error with its place, not an empty text', async (t) => {
  for (const [source, column, message] of [
    ['quiet {{ labels.row }}', 10, /undefined variable: labels\.row/],
    ['{{ machine.uuid }}', 4, /undefined variable: machine\.uuid/],
    ['{{ labels.constructor }}', 4, /undefined variable/],
    ['{{ labels.__proto__ }}', 4, /undefined variable/],
    ['{{ process.env }}', 4, /undefined variable/],
    ['a {{ machine.macs }}', 3, /list/],
    ['{{ machine }}', 1, /text/],
  ] as const)
    t.like(await renderedCmdline(source, one), { kind: 'template-fault', line: 1, column }, source) &&
      t.regex(((await renderedCmdline(source, one)) as { message: string }).message, message);
});

test('no files, no includes, no loops, no variables, no clock: a template that wants them is refused when it is read', async (t) => {
  for (const source of [
    '{% include "/etc/passwd" %}',
    '{% render "x" %}',
    '{% layout "x" %}',
    '{% for x in machine.macs %}{{ x }}{% endfor %}',
    '{% tablerow x in machine.macs %}{% endtablerow %}',
    '{% assign x = "y" %}',
    '{% capture x %}{% endcapture %}',
    '{% liquid echo x %}',
    '{% increment x %}',
    '{{ "now" | date: "%s" }}',
    '{{ machine.macs | sample }}',
    '{{ labels.rack | no_such_filter }}',
    '{{ labels.rack',
    '{% if labels.rack %}',
    '{% if %}{% endif %}',
  ]) {
    const fault = await templateFault(source);
    t.true(isTemplateFault(fault), source);
    t.true(fault && fault.line === 1 && fault.column >= 1);
    t.true(isTemplateFault(await renderedCmdline(source, one)), source);
  }
});

test('no template makes much of little', async (t) => {
  const grow = ' | replace: "", "aaaaaaaaaaaaaaaaaaaaaaaa"'.repeat(20);
  for (const source of [
    `{{ labels.rack${grow} }}`,
    '{{ (1..1000000000) | join: "x" }}',
    '{{ (1..99999) | join: "" }}',
  ])
    t.true(isTemplateFault(await renderedCmdline(source, one)), source);
});

test('no label can end the command, have something expanded or begin a comment', async (t) => {
  for (const evil of [
    'a || shell',
    '||',
    'x && reboot',
    '; shell',
    '${net0/mac}',
    'a\nshell',
    '\u0000',
    '# rest',
    'käse',
    '\u202e',
  ])
    t.true(
      isTemplateFault(await renderedCmdline('quiet {{ labels.x }} end', machine({ labels: { x: evil } }))),
      evil,
    );
  t.true(
    isTemplateFault(
      await renderedCmdline('x {{ labels.a }}{{ labels.b }} y', machine({ labels: { a: '|', b: '|' } })),
    ),
  );
  t.true(isTemplateFault(await renderedCmdline('{{ labels.a }}{x}', machine({ labels: { a: '$' } }))));
  t.is(await renderedCmdline('c={{ labels.a }}', machine({ labels: { a: '#fff' } })), 'c=#fff');
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.constantFrom(
          '{{ labels.a }}',
          '{{ labels.b | append: labels.a }}',
          ' ',
          'x',
          '$',
          '{',
          '|',
          '&',
          '#',
          ';',
        ),
        { maxLength: 12 },
      ),
      fc.string({ unit: fc.constantFrom('|', '&', ';', '#', '$', '{', ' ', 'a', '\n') }),
      fc.string({ unit: 'binary' }),
      async (pieces, a, b) => {
        const source = pieces.join('');
        if (cmdlineSourceFault(source)) return;
        const text = await renderedCmdline(source, machine({ labels: { a, b } }));
        t.true(typeof text !== 'string' || cmdlineFault(text) === undefined);
      },
    ),
  );
});

test('the same machine always gets the same command line', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.string(), fc.dictionary(fc.string(), fc.string()), async (text, labels) => {
      const [a, b] = [
        await renderedCmdline(`{{ labels.x | default: "d" }} ${text}`, machine({ labels })),
        await renderedCmdline(`{{ labels.x | default: "d" }} ${text}`, machine({ labels })),
      ];
      t.deepEqual(a, b);
    }),
  );
});

test('the source of a template is one line of printable text as well', (t) => {
  for (const fine of [
    '{{ labels.rack }}',
    `{{ labels.rack }}${'x'.repeat(4000)}`,
    '{% if a || b %}'.replace('||', 'or'),
  ])
    t.is(cmdlineSourceFault(fine), undefined);
  for (const bad of [
    'a || b',
    '{{ x }} || b',
    '{{ x }}\n',
    '{{ x }} ${y}',
    '{{ x }} # y',
    `{{ x }}${'x'.repeat(8191)}`,
    'x'.repeat(8192),
  ])
    t.is(typeof cmdlineSourceFault(bad), 'string', bad);
});

test('a refusal says whose command line it is, for whom, and where', async (t) => {
  const bad = revision({ cmdline: 'a {{ labels.row }}' });
  t.like(await renderedFor(one, bad), {
    kind: 'refuse',
    problem: 'template-error',
    detail:
      'The command line of debian (revision 0197-rev) cannot be rendered for machine rack1-01: line 1, column 6: undefined variable: labels.row.',
  });
  t.regex(
    ((await renderedFor({ macs: [], labels: {} }, bad)) as { detail: string }).detail,
    /a machine that nobody knows/,
  );
  t.like(await renderedFor(one, revision({ cmdline: 'a {{ labels.rack }}' })), {
    revision: { cmdline: 'a r1', id: '0197-rev' },
    warnings: [],
  });
});
