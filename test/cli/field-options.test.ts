import test from 'ava';
import { Command } from 'commander';
import type { Fields } from '../../src/boot/fields/field.ts';
import {
  addingOptions,
  bodyOf,
  changedBy,
  changingOptions,
  queryOf,
  searchOptions,
} from '../../src/cli/verb/field-options.ts';

const fields = {
  asset_tag: { kind: 'text', flag: 'asset-tag', add: 'its tag', search: 'its tag', removable: true },
  owner_notes: { kind: 'pairs', flag: 'owner-note', value: 'key=value', add: 'a note' },
} as const satisfies Fields;

const said = (command: Command, ...words: string[]) => command.parse(words, { from: 'user' }).opts();

test('a flag of several words says what its field is, where a thing is made, changed and searched', (t) => {
  const adding = said(addingOptions(new Command(), fields), '--asset-tag', 'A1', '--owner-note', 'a=1');
  t.deepEqual(bodyOf(fields, adding), { asset_tag: 'A1', owner_notes: { a: '1' } });
  const before = { asset_tag: 'A1', owner_notes: { a: '1', b: '2' } };
  const changing = said(
    changingOptions(new Command(), fields),
    ...['--asset-tag', 'A2', '--owner-note', 'c=3', '--unowner-note', 'a'],
  );
  t.deepEqual(changedBy(fields, before, changing), { asset_tag: 'A2', owner_notes: { b: '2', c: '3' } });
  const removing = said(changingOptions(new Command(), fields), '--unset', 'asset_tag');
  t.deepEqual(changedBy(fields, before, removing), { owner_notes: before.owner_notes });
  const searching = said(searchOptions(new Command(), fields), '--asset-tag', 'A1');
  t.deepEqual(queryOf(fields, searching), { 'asset-tag': 'A1' });
});
