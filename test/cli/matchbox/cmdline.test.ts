import test from 'ava';
import { renderedCmdline } from '../../../src/boot/template/template.ts';
import { translated } from '../../../src/cli/matchbox/cmdline.ts';
import { machine } from '../../boot/examples.ts';

test("iPXE's settings of the interface that boots are boot.mac, in the form that they have there", async (t) => {
  const boot = { mac: '52:54:00:aa:bb:02', origin: 'http://192.0.2.1' };
  for (const [argument, wanted] of [
    ['BOOTIF=01-${mac:hexhyp}', 'BOOTIF=01-52-54-00-aa-bb-02'],
    ['BOOTIF=01-${net0/mac:hexhyp}', 'BOOTIF=01-52-54-00-aa-bb-02'],
    ['mac=${net0/mac}', 'mac=52:54:00:aa:bb:02'],
    ['mac=${netX/mac:hex}', 'mac=52:54:00:aa:bb:02'],
    ['mac=${mac:hexraw}', 'mac=525400aabb02'],
  ] as const) {
    const { text = '', left } = translated(argument);
    t.is(left, undefined);
    t.is(await renderedCmdline(text, machine({ macs: ['52:54:00:aa:bb:01'] }), boot), wanted, argument);
  }
});

test('what only iPXE knows has no equivalent: other interfaces, and whatever JavaScript knows by that name', (t) => {
  for (const argument of ['a=${net1/mac}', 'a=${net10/mac:hexhyp}', 'a=${ip}', 'a=${constructor}'])
    t.regex(translated(argument).left ?? '', /which only iPXE knows/, argument);
});
