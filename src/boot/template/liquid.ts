import { Liquid, LiquidError, type Template } from 'liquidjs';
import type { Machine } from '../machine/machine.ts';
import type { BootFacts } from './boot-facts.ts';
import { characterFault, cmdlineFault } from './cmdline.ts';

/** Where a template cannot be read or rendered, and why. Both counted from 1. */
export interface TemplateFault {
  readonly kind: 'template-fault';
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** What a template sees of the machine that it is rendered for; what is not known is not there. */
export interface TemplateFacts {
  readonly machine: Partial<Pick<Machine, 'id' | 'name' | 'uuid' | 'serial'>> &
    Pick<Machine, 'macs' | 'labels'> & { readonly mac?: string };
  readonly labels: Readonly<Record<string, string>>;
  readonly boot: BootFacts;
  /** Whose command line it is: what it pins is fetched by its id. */
  readonly revision?: { readonly id: string; readonly name: string };
}

/** No files, no includes, no loops, no variables of its own, no clock and no chance: the same facts give the same text. */
const tags = ['if', 'unless', 'case', 'comment', 'raw'];
const filters = [
  'append',
  'at_least',
  'at_most',
  'capitalize',
  'default',
  'divided_by',
  'downcase',
  'first',
  'join',
  'last',
  'minus',
  'modulo',
  'plus',
  'prepend',
  'remove',
  'remove_first',
  'replace',
  'replace_first',
  'size',
  'slice',
  'split',
  'strip',
  'times',
  'upcase',
];

/** Characters that a template may make in all, in all steps of its filters. */
const memoryLimit = 100_000;
/** For one rendering, in ms. Without loops it takes microseconds. */
const renderLimit = 1_000;

const engine = strictEngine();

function strictEngine(): Liquid {
  const liquid = new Liquid({
    strictVariables: true,
    strictFilters: true,
    ownPropertyOnly: true,
    lenientIf: true,
    memoryLimit,
    renderLimit,
    templates: {},
    outputEscape: word,
  });
  for (const name of Object.keys(liquid.tags)) if (!tags.includes(name)) delete liquid.tags[name];
  for (const name of Object.keys(liquid.filters)) if (!filters.includes(name)) delete liquid.filters[name];
  return liquid;
}

/** What stands in the place of one output. */
function word(value: unknown): string {
  if (Array.isArray(value)) throw new Error('this is a list: take one of it, or join it');
  if (typeof value === 'object' && value !== null)
    throw new Error('this is no text: name one of its properties');
  const text = value === null || value === undefined ? '' : String(value);
  const fault = characterFault(text);
  if (fault) throw new Error(`what would stand here ${fault}`);
  return text;
}

/** Templates that were read already, by their text: a rack asks for the same one at once. */
const parsed = new Map<string, Template[]>();
const mostParsed = 100;

function parse(source: string): Template[] {
  const known = parsed.get(source);
  if (known) return known;
  const template = engine.parse(source);
  if (parsed.size >= mostParsed) parsed.clear();
  parsed.set(source, template);
  return template;
}

export function render(source: string, facts: TemplateFacts): string | TemplateFault {
  try {
    const text: string = engine.renderSync(parse(source), facts);
    const fault = cmdlineFault(text);
    return fault ? faultAt(1, 1, `the rendered command line ${fault}`) : text;
  } catch (error) {
    return faultOf(error);
  }
}

export function parseFault(source: string): TemplateFault | undefined {
  try {
    parse(source);
    return undefined;
  } catch (error) {
    return faultOf(error);
  }
}

function faultOf(error: unknown): TemplateFault {
  if (!LiquidError.is(error)) throw error;
  const [line = 1, column = 1] = error.token.getPosition();
  const { message } = error.originalError ?? error;
  return faultAt(line, column, message.replace(/(, file:.*)?, line:\d+, col:\d+$/, ''));
}

function faultAt(line: number, column: number, message: string): TemplateFault {
  return { kind: 'template-fault', line, column, message };
}
