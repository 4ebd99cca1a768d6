import test from 'ava';
import fc from 'fast-check';
import { isRefusal } from '../../../src/boot/problem.ts';
import {
  hiddenInitrdWords,
  initrdWordsIn,
  withoutInitrdWords,
} from '../../../src/boot/template/initrd-words.ts';
import { renderedFor } from '../../../src/boot/template/rendered.ts';
import { machine, resolvedAsset, revision } from '../examples.ts';

const without = (cmdline: string, loaded: readonly string[] = []) => withoutInitrdWords(cmdline, loaded);

test('words that ask for an initrd which nobody loads are left out, however they are written', (t) => {
  for (const [source, rest, ...leftOut] of [
    ['initrd=initrd.img console=ttyS0', 'console=ttyS0', 'initrd=initrd.img'],
    ['console=ttyS0 initrd=main', 'console=ttyS0', 'initrd=main'],
    ['initrd=a', '', 'initrd=a'],
    ['initrd=', '', 'initrd='],
    ['a initrd=x  initrd=y b', 'a b', 'initrd=x', 'initrd=y'],
    ['a "initrd=my file.img" b', 'a b', '"initrd=my file.img"'],
    ['a initrd="my file.img" b', 'a b', 'initrd="my file.img"'],
    ["a 'initrd=x' b", 'a b', "'initrd=x'"],
    ['initrd=/boot/initrd.gz initrd=\\EFI\\initrd', '', 'initrd=/boot/initrd.gz', 'initrd=\\EFI\\initrd'],
    ['a "initrd=x b', 'a b', '"initrd=x'],
  ] as [string, string, ...string[]][])
    t.deepEqual(without(source), { cmdline: rest, leftOut }, source);
});

test('what is no such word stays, to the letter', (t) => {
  for (const cmdline of ['a  b "c  d"', 'initrdmem=1,2 noinitrd', 'x="a initrd=b c"', 'INITRD=x', ''])
    t.deepEqual(without(cmdline), { cmdline, leftOut: [] }, cmdline);
  fc.assert(
    fc.property(fc.stringMatching(/^[ -~]*$/), (text) => {
      const { cmdline, leftOut } = without(text);
      return leftOut.length > 0 || cmdline === text;
    }),
  );
});

test('a word that names what is loaded stays', (t) => {
  t.is(without('initrd=boot.img initrd=other', ['boot.img']).cmdline, 'initrd=boot.img');
  t.deepEqual(initrdWordsIn('initrd=boot.img', ['boot.img']), []);
});

test('what Linux would find in the middle of a word is found', (t) => {
  t.deepEqual(hiddenInitrdWords('a url=http://x/?initrd=y x="a initrd=b" initrd=c'), [
    'url=http://x/?initrd=y',
    'x="a initrd=b"',
  ]);
});

test('templates lose the words that they become, and are told of those that they might become', async (t) => {
  const cmdline = '{% if labels.old %}initrd=old.img {% endif %}a {{ labels.more }}';
  t.deepEqual(initrdWordsIn(cmdline, []), ['initrd=old.img']);
  t.deepEqual(initrdWordsIn('"initrd={{ labels.x }}" b', []), ['initrd=']);
  const one = revision({ kernel: resolvedAsset('kernel'), cmdline });
  for (const [labels, wanted, told] of [
    [{ more: 'b' }, 'a b', 0],
    [{ more: 'initrd=x b' }, 'a b', 1],
    [{ old: 'yes', more: 'b' }, 'a b', 1],
  ] as const) {
    const rendered = await renderedFor(machine({ labels }), one);
    if (isRefusal(rendered)) throw new Error(rendered.detail);
    t.is(rendered.revision.cmdline, wanted);
    t.is(rendered.warnings.length, told, JSON.stringify(labels));
  }
});
