import { readFileSync } from 'node:fs';
import type { Network } from '../boot/network.ts';
import { type EdgeCapability, edgeCapabilities } from '../boot/source.ts';
import { network } from './setting.ts';

/** A key by which an edge vouches, and what it may vouch for. */
export interface EdgeKeySetting {
  readonly kid: string;
  readonly secret: Buffer;
  readonly networks: readonly Network[];
  readonly capabilities: readonly EdgeCapability[];
}

/** As long as what HMAC-SHA256 makes (RFC 2104 section 3). */
const leastBytes = 32;
const everywhere = ['0.0.0.0/0', '::/0'].map(network);

/**
 * `kid:base64url,...`: keys that vouch for every address; or JSON, an array of `{kid, key, networks, capabilities}`; or
 * `@file`, which holds either. Throws, naming the key and never quoting it.
 */
export function edgeKeys(value: string): readonly EdgeKeySetting[] {
  const text = value.startsWith('@') ? readFileSync(value.slice(1), 'utf8').trim() : value;
  const keys = text.startsWith('[') ? fromJson(text) : text.split(',').map(fromPair);
  const kids = new Set<string>();
  for (const { kid } of keys) {
    if (kids.has(kid)) throw new Error(`has the key ${kid} twice`);
    kids.add(kid);
  }
  if (keys.length === 0) throw new Error('names no key');
  return keys;
}

function fromPair(pair: string): EdgeKeySetting {
  const [kid = '', secret = '', ...more] = pair.trim().split(':');
  if (more.length > 0 || secret === '') throw new Error('must be kid:base64url,... or @FILE');
  return { ...keyOf(kid, secret), networks: everywhere, capabilities: edgeCapabilities };
}

function fromJson(text: string): EdgeKeySetting[] {
  let keys: unknown;
  try {
    keys = JSON.parse(text);
  } catch {
    throw new Error('is no JSON array, though it begins like one'); // the parser's own message quotes it
  }
  return (keys as unknown[]).map(fromEntry);
}

const fields = ['capabilities', 'key', 'kid', 'networks'];

function fromEntry(entry: unknown): EdgeKeySetting {
  const given = typeof entry === 'object' && entry !== null ? Object.keys(entry).sort() : [];
  if (given.join() !== fields.join()) throw new Error(`must give each key exactly: ${fields.join(', ')}`);
  const { kid, key, networks, capabilities } = entry as Readonly<Record<string, unknown>>;
  const named = keyOf(String(kid), String(key));
  const where = texts(networks, `the networks of ${kid}`).map(network);
  if (where.length === 0) throw new Error(`must give the key ${kid} a network: it would vouch for nobody`);
  const can = texts(capabilities, `the capabilities of ${kid}`).map((name) => {
    const known = edgeCapabilities.find((capability) => capability === name);
    if (!known) throw new Error(`must give ${kid} capabilities of: ${edgeCapabilities.join(', ')}`);
    return known;
  });
  return { ...named, networks: where, capabilities: can };
}

function texts(value: unknown, what: string): readonly string[] {
  if (!Array.isArray(value) || value.some((one) => typeof one !== 'string'))
    throw new Error(`must have ${what} as an array of strings`);
  return value;
}

function keyOf(kid: string, text: string): { readonly kid: string; readonly secret: Buffer } {
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(kid))
    throw new Error('must name each key by 1 to 64 letters, digits, dots, dashes and underscores');
  const secret = Buffer.from(text, 'base64url');
  if (secret.toString('base64url') !== text)
    throw new Error(`must have the key ${kid} in base64url, without =`);
  if (secret.length < leastBytes)
    throw new Error(`must have at least ${leastBytes} bytes in the key ${kid}, which has ${secret.length}`);
  return { kid, secret };
}
