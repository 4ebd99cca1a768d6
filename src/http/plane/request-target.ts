import { type Refusal, refuse } from '../../boot/problem.ts';

/** iPXE repeats what SMBIOS says in the query; nothing honest comes near this. */
const longestTarget = 4096;

/**
 * Checks a request target as it came (RFC 9112 section 3.2.1: origin-form only). A path is made of plain segments: what would have to
 * be decoded twice, climbs, or means something else to a proxy is refused, not interpreted. On the boot plane a query may hold what
 * cannot be decoded: firmware repeats bytes of a blank EEPROM there, and what cannot be read is no claim.
 */
export function targetRefusal(target: string, plane: 'boot' | 'admin'): Refusal | undefined {
  const no = (what: string) =>
    refuse('bad-request-target', `The request target ${what}. Ask for a plain path, such as /boot.ipxe.`);
  if (target.length > longestTarget) return no(`is longer than ${longestTarget} characters`);
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

/** Undefined where the text is no percent-encoding of UTF-8. */
export function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
