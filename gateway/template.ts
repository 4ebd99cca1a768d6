import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a template is filled with. A list stands for a section: its text once for each item. */
export interface Values {
  readonly [name: string]: string | number | readonly Values[];
}

/**
 * A file of templates/ with each `{{ name }}` replaced, and each `{{ #name }}...{{ /name }}` once for every item of a list, with
 * a line break in between; a list of one or none is a condition. Throws when a name has no value: that is a mistake of ours.
 */
export function fill(name: string, values: Values = {}): string {
  const template = readFileSync(join(import.meta.dirname, 'templates', name), 'utf8');
  return filled(template, values, `templates/${name}`);
}

const placeholder = /\{\{ #(\w+) \}\}(.*?)\{\{ \/\1 \}\}|\{\{ (\w+) \}\}/gs;

function filled(template: string, values: Values, where: string): string {
  return template.replace(placeholder, (_, section?: string, text = '', key = '') => {
    const name = section ?? key;
    const value = values[name];
    if (value === undefined) throw new Error(`${where} asks for ${name}, which nobody gives`);
    if ((section !== undefined) !== (typeof value === 'object'))
      throw new Error(`${where} has ${name} as ${section ? 'a section' : 'a value'}, which it is not`);
    if (typeof value !== 'object') return String(value);
    return value.map((item) => filled(text, { ...values, ...item }, where)).join('\n');
  });
}

/** A section that is there when there is a value for it. */
export function when(value: Values | false | undefined): readonly Values[] {
  return value ? [value] : [];
}
