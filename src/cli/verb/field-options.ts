import { type Command, Option } from 'commander';
import { type Field, type Fields, searchable } from '../../boot/fields/field.ts';
import { collect, jsonFile, pair, wholeNumber } from './options.ts';

/** What the options of the fields came to, by their flags. */
export type Said = Readonly<Record<string, unknown>>;

/** An option for each field that is said where a thing is made. */
export function addingOptions(command: Command, fields: Fields): Command {
  for (const field of Object.values(fields))
    if (field.add !== undefined)
      command.addOption(option(field, field.add).makeOptionMandatory(field.required === true));
  return command;
}

/** An option for each field that is said where a thing is changed, and one that takes them away. */
export function changingOptions(command: Command, fields: Fields): Command {
  for (const field of Object.values(fields)) {
    const about = field.set ?? field.add;
    if (about !== undefined) command.addOption(option(field, about));
    if (field.kind === 'pairs')
      command.option(`--un${field.flag} <key>`, `a ${field.flag} to take away`, collect);
  }
  const removable = Object.entries(fields).filter(([, field]) => field.removable);
  if (removable.length === 0) return command;
  const names = removable.map(([name]) => name);
  return command.addOption(new Option('--unset <field>', 'what to take away').choices(names));
}

/** An option for each field that things are searched by. */
export function searchOptions(command: Command, fields: Fields): Command {
  for (const [, { search = '', ...field }] of searchable(fields))
    command.addOption(plainOption(field, search));
  return command;
}

/** The query that these options ask for. */
export function queryOf(fields: Fields, said: Said): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    searchable(fields).map(([, { flag }]) => [flag, saidBy(flag, said) as string | undefined]),
  );
}

/** What was said, by the names that the broker has for it. */
export function bodyOf(fields: Fields, said: Said): Record<string, unknown> {
  const given = Object.entries(fields).map(([name, { flag }]) => [name, saidBy(flag, said)] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined && value !== ''));
}

/** What is said of a thing from now on: pairs are added and taken away one by one, all else is replaced. */
export function changedBy(fields: Fields, before: object, said: Said): Record<string, unknown> {
  const known = before as Readonly<Record<string, unknown>>;
  const wanted = Object.entries(fields).map(([name, { kind, flag }]) => {
    const value = saidBy(flag, said);
    if (kind !== 'pairs') return [name, value ?? known[name]];
    const pairs = Object.entries({ ...(known[name] as object), ...(value as object) });
    const gone = (saidBy(`un${flag}`, said) ?? []) as readonly string[];
    return [name, Object.fromEntries(pairs.filter(([key]) => !gone.includes(key)))];
  });
  const { [String(said.unset)]: _, ...rest } = Object.fromEntries(wanted) as Record<string, unknown>;
  return rest;
}

/** Commander has what a flag of several words came to under a name of its own. */
function saidBy(flag: string, said: Said): unknown {
  return said[new Option(`--${flag}`).attributeName()];
}

function option(field: Field, about: string): Option {
  const made = plainOption(field, about);
  switch (field.kind) {
    case 'text':
    case 'flag':
      return made;
    case 'number':
      return made.argParser(wholeNumber);
    case 'list':
      return made.argParser(collect);
    case 'pairs':
      return made.argParser(pair);
    case 'json':
      return made.argParser(jsonFile);
    default:
      return field satisfies never;
  }
}

function plainOption({ kind, flag, value = flag, choices }: Field, about: string): Option {
  const made = new Option(kind === 'flag' ? `--${flag}` : `--${flag} <${value}>`, about);
  return choices ? made.choices(choices) : made;
}
