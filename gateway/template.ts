import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A file of templates/ with each `{{ name }}` replaced. Throws when a name has no value: that is a mistake of ours. */
export function fill(name: string, values: Readonly<Record<string, string | number>> = {}): string {
  const template = readFileSync(join(import.meta.dirname, 'templates', name), 'utf8');
  return template.replace(/\{\{ (\w+) \}\}/g, (_, key: string) => {
    const value = values[key];
    if (value === undefined) throw new Error(`templates/${name} asks for ${key}, which nobody gives`);
    return String(value);
  });
}

/** One line for each item, indented by so many spaces. */
export function lines<Item>(items: readonly Item[], spaces: number, line: (item: Item) => string): string {
  return items.map((item) => ' '.repeat(spaces) + line(item)).join('\n');
}
