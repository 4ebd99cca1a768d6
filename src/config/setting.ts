import { readFileSync } from 'node:fs';
import { isTrustworthyUrl, type Network, parseNetwork } from '../boot/network.ts';

/** A mistake in one setting; the message says what was wanted. */
class Mistake extends Error {}

export interface Setting<Value> {
  /** Environment variable. The flag is its name without BROKER_: `--admin-listen`. */
  readonly name: string;
  /** As it would be written; undefined: unset. */
  readonly default: string | undefined;
  /** One sentence for `bootbroker config` and docs/reference/settings.md. */
  readonly about: string;
  /** Never printed. May also be given as a file, by NAME_FILE. */
  readonly secret?: true;
  readonly parse: (text: string) => Value;
}

/** host:port to listen on. */
export interface Listen {
  readonly host: string;
  readonly port: number;
}

export const text = (value: string) => value;

export function oneOf<const Choice extends string>(...choices: Choice[]) {
  return (value: string): Choice => {
    const choice = choices.find((candidate) => candidate === value);
    if (choice === undefined) throw new Mistake(`must be one of: ${choices.join(', ')}`);
    return choice;
  };
}

export function integer(least: number, most: number) {
  return (value: string): number => {
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < least || number > most)
      throw new Mistake(`must be a whole number from ${least} to ${most}`);
    return number;
  };
}

export function listOf<Item>(parse: (item: string) => Item) {
  return (value: string): readonly Item[] =>
    value
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '')
      .map(parse);
}

/** `refuse`, `exit` or `profile:NAME`. */
export function unknownMachine(value: string): 'refuse' | 'exit' | { readonly profile: string } {
  if (value === 'refuse' || value === 'exit') return value;
  const [, profile] = /^profile:(?!\.{1,2}$)([A-Za-z0-9._-]{1,128})$/.exec(value) ?? [];
  if (!profile) throw new Mistake('must be refuse, exit or profile:NAME');
  return { profile };
}

export function listen(value: string): Listen {
  const [, v6, v4 = '', port] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(value) ?? [];
  if (port === undefined || Number(port) > 65_535)
    throw new Mistake('must be HOST:PORT, such as 0.0.0.0:8080 or [::]:8080');
  return { host: v6 ?? (v4 || '0.0.0.0'), port: Number(port) };
}

export function origin(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (
    !url ||
    !/^https?:$/.test(url.protocol) ||
    url.pathname !== '/' ||
    url.search ||
    url.hash ||
    url.username
  )
    throw new Mistake('must be an origin, such as http://10.0.0.1:8080');
  return url.origin;
}

/** An https URL without query; http is taken on loopback alone, where nobody stands in between. */
export function trustworthyUrl(value: string): string {
  if (!isTrustworthyUrl(value) || /[?#@]/.test(value))
    throw new Mistake('must be an https URL, such as https://accounts.google.com');
  return value;
}

/** `CLAIM=VALUE:ROLE`; the role stands after the last colon. */
export function roleRule(value: string) {
  const [, claim, held, role] = /^([^=]+)=(.+):(viewer|operator|admin)$/s.exec(value) ?? [];
  if (!claim || !held) throw new Mistake('must be CLAIM=VALUE:ROLE, with the role viewer, operator or admin');
  return { claim, value: held, role: role as 'viewer' | 'operator' | 'admin' };
}

/** As a Host header has it, in lower case: a name, an address or `[IPv6]`, with or without a port. */
export function bootHost(value: string): string {
  const host = value.toLowerCase();
  if (!/^(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/.test(host))
    throw new Mistake(
      'must be hosts as machines write them, such as boot.example.org,10.0.0.1:8080,[fd00::1]',
    );
  return host;
}

export function network(value: string): Network {
  const parsed = parseNetwork(value);
  if (!parsed)
    throw new Mistake(
      `must be networks in CIDR form without host bits, such as 10.0.0.0/8; ${value} is none`,
    );
  return parsed;
}

export function named(pattern: RegExp, wanted: string) {
  return (value: string): string => {
    if (!pattern.test(value)) throw new Mistake(`must be ${wanted}`);
    return value;
  };
}

/** Keeps in the type whether there is a default: a setting without one may be undefined. */
export function setting<Value, const Initial extends string | undefined>(
  name: string,
  initial: Initial,
  about: string,
  parse: (text: string) => Value,
): Setting<Value> & { readonly default: Initial } {
  return { name, default: initial, about, parse };
}

export function secret<Value>(
  name: string,
  about: string,
  parse: (text: string) => Value,
): Setting<Value> & { readonly default: undefined } {
  return { name, default: undefined, about, parse, secret: true };
}

/** A secret from the file that NAME_FILE names. */
export function fromFile(
  one: Setting<unknown>,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const path = one.secret ? env[`${one.name}_FILE`] : undefined;
  if (!path) return undefined;
  if (env[one.name]) throw new Mistake(`and ${one.name}_FILE are both set: leave one of them out`);
  try {
    const content = readFileSync(path, 'utf8').trim();
    if (content === '') throw new Error('it is empty'); // taken for unset, it could open what it should close
    return content;
  } catch (error) {
    throw new Mistake(
      `cannot be read from the file that ${one.name}_FILE names: ${(error as Error).message}`,
    );
  }
}
