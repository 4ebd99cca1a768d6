import { type Refusal, refuse } from '../../boot/problem.ts';

/** iPXE repeats what SMBIOS says in the query; nothing honest comes near this. */
const longestTarget = 4096;

/** What a request target names. */
export interface Target {
  readonly kind: 'target';
  /** Path and query, as they were spelled: the form that routes are chosen by. */
  readonly origin: string;
  /** The host that the target itself names: then no Host header counts (RFC 9112 section 3.2.2). */
  readonly authority?: string;
}

export interface Reading {
  /**
   * On the boot plane empty segments at the beginning of a path, and before a program beside another, are one slash: shims and
   * relays join `http://host/` and `/boot.efi`, `/boot/x86_64/` and `/grubx64.efi`. And a query may hold what cannot be decoded: firmware repeats bytes of a blank EEPROM there, and what cannot
   * be read is no claim.
   */
  readonly plane: 'boot' | 'admin';
  /** HTTP/2 has the authority in a field of its own. */
  readonly mayBeAbsolute: boolean;
}

/**
 * Reads a request target: the origin form (RFC 9112 section 3.2.1), or the absolute form, as if it had come by a proxy. A path
 * is made of plain segments: what would have to be decoded twice, climbs, or means something else to a proxy is refused, not interpreted.
 */
export function readTarget(raw: string, { plane, mayBeAbsolute }: Reading): Target | Refusal {
  if (raw.length > longestTarget) return no(`is longer than ${longestTarget} characters`);
  const parted = raw.startsWith('/') || !mayBeAbsolute ? { origin: raw } : fromAbsolute(raw);
  if (!parted) return no('is neither an absolute path nor an http URL');
  const origin = plane === 'boot' ? joined(parted.origin) : parted.origin;
  return refusalOf(origin, plane) ?? { kind: 'target', ...parted, origin };
}

function joined(origin: string): string {
  return origin
    .replace(/^\/{2,}/, '/')
    .replace(/^(\/(?:boot|m)\/[^/?]+)\/{2,}(?=[^/?]+\.efi(?:\?|$))/, '$1/');
}

/** No name and password: nobody is known by them here, and a name may look like the host (RFC 9110 section 4.2.4). */
const absolute = /^http:\/\/((?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d{0,5})?)(\/.*|\?.*|)$/i;

function fromAbsolute(raw: string): Pick<Target, 'origin' | 'authority'> | undefined {
  const [, authority, rest = ''] = absolute.exec(raw) ?? [];
  if (authority === undefined) return undefined;
  return { authority, origin: rest.startsWith('/') ? rest : `/${rest}` };
}

function refusalOf(target: string, plane: 'boot' | 'admin'): Refusal | undefined {
  if (!target.startsWith('/')) return no('is not an absolute path');
  // RFC 3986 section 2; a fragment is never sent (RFC 9112 section 3.2), and where it is, every reader cuts elsewhere.
  if (!/^[\x21-\x7e]*$/.test(target) || target.includes('#'))
    return no('has a fragment, or a character that a URL must encode');
  const [path = '', ...query] = target.split('?');
  const plain = decoded(path);
  if (plain === undefined || (plane === 'admin' && decoded(query.join('?')) === undefined))
    return no('is not valid percent-encoding');
  if (!/^[A-Za-z0-9._:+~/-]*$/.test(plain)) return no('has characters that no route has');
  const segments = plain.slice(1).split('/');
  if (segments.some((segment) => segment === '.' || segment === '..')) return no('climbs');
  if (segments.slice(0, -1).includes('')) return no('has an empty segment');
  return undefined;
}

function no(what: string): Refusal {
  return refuse(
    'bad-request-target',
    `The request target ${what}. Ask for a plain path, such as /boot.ipxe.`,
  );
}

/** Undefined where the text is no percent-encoding of UTF-8. */
export function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
