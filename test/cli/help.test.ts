import { readdir, readFile } from 'node:fs/promises';
import test from 'ava';
import type { Command } from 'commander';
import { program } from '../../src/cli/program.ts';
import { command, fewSettings } from './command.ts';

const golden = new URL('help/', import.meta.url);

/** Every command that does something, as its words. */
const verbs = leaves(program({ settings: fewSettings, version: '' } as never)).sort();

test('every verb has a golden help text, and there are no others', async (t) => {
  const wanted = verbs.map((words) => `${['bootbroker', ...words].join('-')}.txt`);
  t.deepEqual((await readdir(golden)).sort(), [...wanted, 'bootbroker.txt'].sort());
});

for (const words of [[], ...verbs]) {
  const name = ['bootbroker', ...words];
  test(`${name.join(' ')} --help says what test/cli/help/${name.join('-')}.txt says`, async (t) => {
    const { code, stdout, stderr } = await command({})(...words, '--help');
    t.is(code, 0);
    t.is(stderr, '');
    t.is(stdout, await readFile(new URL(`${name.join('-')}.txt`, golden), 'utf8'));
  });
}

test('every verb has a sentence, an example and --json, and no line is wider than 80', async (t) => {
  for (const words of verbs) {
    const { stdout } = await command({})(...words, '--help');
    const verb = words.join(' ');
    t.regex(stdout, /^Usage: .*\n\n[A-Z][\s\S]*?\.\n/, verb);
    t.true(stdout.includes(`\nExample:\n  bootbroker ${verb}`), verb);
    t.regex(stdout, /^ {2}--json /m, verb);
    t.deepEqual(
      stdout.split('\n').filter((line) => line.length > 80),
      [],
    );
  }
});

test('help as a word says what --help says', async (t) => {
  const run = command({});
  t.is((await run('machine', 'help', 'list')).stdout, (await run('machine', 'list', '--help')).stdout);
  t.is((await run('help', 'machine')).stdout, (await run('machine', '--help')).stdout);
});

function leaves(parent: Command): string[][] {
  return parent.commands.flatMap((one) =>
    one.commands.length > 0 ? leaves(one).map((words) => [one.name(), ...words]) : [[one.name()]],
  );
}
