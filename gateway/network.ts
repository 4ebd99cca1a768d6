import ipaddr from 'ipaddr.js';

/** Whether the text is an address or a network in CIDR form without host bits, of IPv4. */
export function isNetwork(text: string): boolean {
  const [address = '', bits] = text.split('/');
  if (!ipaddr.IPv4.isValidFourPartDecimal(address)) return false;
  if (bits === undefined) return true;
  if (!ipaddr.IPv4.isValidCIDRFourPartDecimal(text)) return false;
  return ipaddr.IPv4.networkAddressFromCIDR(text).toString() === address;
}

/** Whether two networks share an address. */
export function overlap(one: string, other: string): boolean {
  const [a, aBits] = ipaddr.IPv4.parseCIDR(cidr(one));
  const [b, bBits] = ipaddr.IPv4.parseCIDR(cidr(other));
  return a.match(b, Math.min(aBits, bBits));
}

/** An address is a network of its own. */
export function cidr(text: string): string {
  return text.includes('/') ? text : `${text}/32`;
}
