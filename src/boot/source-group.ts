/**
 * The addresses that limits count as one: an IPv4 address alone, and the whole /64 of IPv6, in which a host takes as many
 * addresses as it likes (RFC 4291 2.5.1, RFC 8981). Takes a canonical address.
 */
export function sourceGroup(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const rest = tail === '' ? 0 : tail.split(':').length;
    groups.push(...Array(Math.max(0, 8 - rest - groups.length)).fill('0'));
  }
  return `${[...groups, ...(tail?.split(':') ?? [])].slice(0, 4).join(':')}::/64`;
}
