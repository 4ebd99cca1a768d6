import { withoutAssigned } from './secret/assignments.ts';
import { namesSecret } from './secret/names.ts';
import { type Hide, withoutShapes } from './secret/shapes.ts';

/** What stands in the place of a secret. */
export const mask = '***';

/**
 * A copy of JSON for eyes that may see no secret: what is named like one, or looks like one in a command line, a URL or a file, is
 * masked. `hide` says by what.
 */
export function masked(value: unknown, hide: Hide = () => mask): unknown {
  if (typeof value === 'string') return maskedText(value, hide);
  if (Array.isArray(value)) return value.map((one) => masked(one, hide));
  if (typeof value !== 'object' || value === null) return value;
  const holder = secretPair(value);
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key,
      isSecret(key, one) || (holder && key !== holder) ? hide(textOf(one)) : masked(one, hide),
    ]),
  );
}

/** A text for the same eyes. */
export function maskedText(text: string, hide: Hide = () => mask): string {
  return withoutAssigned(withoutShapes(text, hide), hide);
}

/** Where something was masked when it was read, and would now be written for the truth: paths into the value. */
export function maskedPlaces(
  value: unknown,
  path: readonly PropertyKey[] = [],
): readonly (readonly PropertyKey[])[] {
  if (typeof value === 'string') return value === mask || holdsMask(value) ? [path] : [];
  if (typeof value !== 'object' || value === null) return [];
  const entries = Array.isArray(value) ? value.entries() : Object.entries(value);
  return [...entries].flatMap(([key, one]) => maskedPlaces(one, [...path, key]));
}

function holdsMask(text: string): boolean {
  let found = false;
  maskedText(text, (secret) => {
    found ||= /^["']?\*{3}\d*["']?$/.test(secret);
    return 'hidden'; // not the mask: it would be found again
  });
  return found;
}

/** Numbers the secrets instead, so that it shows which are the same. */
export function numbered(): Hide {
  const known = new Map<string, string>();
  return (secret) => {
    const name = known.get(secret) ?? `${mask}${known.size + 1}`;
    known.set(secret, name);
    return name;
  };
}

/** Yes and no are none, nor is how many tokens there are. */
function isSecret(key: string, value: unknown): boolean {
  if (value === undefined || value === null || value === '' || typeof value === 'boolean') return false;
  if (typeof value === 'number' && key.endsWith('s')) return false;
  if (key === 'signed_url') return !/Signature=\*{3}/.test(String(value));
  return key === 'hash' || namesSecret(key);
}

/** `{name: 'password', value: ...}`: which field names what the others hold. */
function secretPair(value: object): 'name' | 'key' | undefined {
  const { name, key } = value as { readonly name?: unknown; readonly key?: unknown };
  if (!Object.hasOwn(value, 'value')) return undefined;
  if (typeof name === 'string' && namesSecret(name)) return 'name';
  return typeof key === 'string' && namesSecret(key) ? 'key' : undefined;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
