import { isFields } from '../fields.ts';
import { printable } from '../verb/printable.ts';
import { table } from './table.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Wider tables are no help: their items become blocks. */
const mostColumns = 6;

/** Any JSON as an indented outline: `key: value`, texts of several lines as blocks, lists of small objects as tables. */
export function outline(fields: Fields): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => entry(words(key), value))
    .join('');
}

function entry(key: string, value: unknown): string {
  if (typeof value === 'string' && value.trimEnd().includes('\n'))
    return `${key}:\n${indented(value.trimEnd().split('\n').map(printable).join('\n'))}`;
  if (Array.isArray(value)) return list(key, value);
  if (isFields(value))
    return Object.keys(value).length > 0 ? `${key}:\n${indented(outline(value))}` : `${key}: -\n`;
  return `${key}: ${plain(value)}\n`;
}

function list(key: string, items: readonly unknown[]): string {
  if (items.length === 0) return `${key}: -\n`;
  if (!items.some((item) => typeof item === 'object' && item !== null))
    return `${key}: ${items.map(plain).join(', ')}\n`;
  if (items.every(isFlat)) {
    const keys = [...new Set(items.flatMap((item) => Object.keys(item)))];
    const rows = items.map((item) => keys.map((one) => String(item[one] ?? '-')));
    if (keys.length <= mostColumns) return `${key}:\n${indented(table(keys.map(words), rows))}`;
  }
  return items.map((item, index) => entry(`${key} ${index + 1}`, item)).join('');
}

/** `boot_url` and `bootUrl` are `boot url`. */
function words(key: string): string {
  return printable(
    key.replaceAll('_', ' ').replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`),
  );
}

function plain(value: unknown): string {
  return value === null || value === '' ? '-' : printable(String(value));
}

function isFlat(value: unknown): value is Fields {
  return (
    isFields(value) &&
    Object.values(value).every((one) => typeof one !== 'object' && !String(one).includes('\n'))
  );
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '  ').replace(/\n?$/, '\n');
}
