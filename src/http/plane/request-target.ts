import { type Refusal, refuse } from '../../boot/problem.ts';

/** iPXE repeats what SMBIOS says in the query; nothing honest comes near this. */
const longestTarget = 4096;

/**
 * Checks a request target as it came (RFC 9112 section 3.2.1: origin-form only). A path is made of plain segments: what would have to
 * be decoded twice, climbs, or means something else to a proxy is refused, not interpreted.
 */
export function targetRefusal(target: string): Refusal | undefined {
  const no = (what: string) =>
    refuse('bad-request-target', `The request target ${what}. Ask for a plain path, such as /boot.ipxe.`);
  if (target.length > longestTarget) return no(`is longer than ${longestTarget} characters`);
  if (!target.startsWith('/')) return no('is not an absolute path');
  // RFC 3986 section 2; a fragment is never sent (RFC 9112 section 3.2), and where it is, every reader cuts elsewhere.
  if (!/^[\x21-\x7e]*$/.test(target) || target.includes('#'))
    return no('has a fragment, or a character that a URL must encode');
  const [path = '', ...query] = target.split('?');
  const decoded = decode(path);
  if (decoded === undefined || decode(query.join('?')) === undefined)
    return no('is not valid percent-encoding');
  if (!/^[A-Za-z0-9._:+~/-]*$/.test(decoded)) return no('has characters that no route has');
  const segments = decoded.slice(1).split('/');
  if (segments.some((segment) => segment === '.' || segment === '..')) return no('climbs');
  if (segments.slice(0, -1).includes('')) return no('has an empty segment');
  return undefined;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
