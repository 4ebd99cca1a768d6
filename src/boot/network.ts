import ipaddr from 'ipaddr.js';

/** A range of addresses, such as 10.0.0.0/8, in its canonical spelling. */
export interface Network {
  readonly cidr: string;
  contains(address: string): boolean;
}

/** The one spelling of an IP address: IPv4-mapped IPv6 becomes IPv4 (RFC 4291 2.5.5.2), a zone is dropped (RFC 4007 11). */
export function canonicalAddress(text: string): string | undefined {
  const bare = text.replace(/%.*$/s, '');
  // ipaddr.js takes "10.1" and "0x7f.1" for IPv4: only the four-part decimal form is one here.
  if (!ipaddr.IPv6.isValid(bare) && !ipaddr.IPv4.isValidFourPartDecimal(bare)) return undefined;
  return ipaddr.process(bare).toString();
}

/** Reads `10.0.0.0/8`, `fd00::/8` or a single address; undefined when it is none of them or has host bits set. */
export function parseNetwork(text: string): Network | undefined {
  const [base = '', bits, ...rest] = text.split('/');
  const address = canonicalAddress(base);
  if (!address || rest.length > 0 || base.includes('%')) return undefined;
  const first = ipaddr.parse(address);
  const width = first.kind() === 'ipv4' ? 32 : 128;
  if (bits !== undefined && !/^\d{1,3}$/.test(bits)) return undefined;
  const prefix = bits === undefined ? width : Number(bits);
  if (prefix > width) return undefined;
  const cidr = `${address}/${prefix}`;
  const network = first.kind() === 'ipv4' ? ipaddr.IPv4 : ipaddr.IPv6;
  if (network.networkAddressFromCIDR(cidr).toString() !== address) return undefined;
  return {
    cidr,
    contains(candidate) {
      const canonical = canonicalAddress(candidate);
      if (!canonical) return false;
      const parsed = ipaddr.parse(canonical);
      return parsed.kind() === first.kind() && parsed.match(first, prefix);
    },
  };
}

export function anyContains(networks: readonly Network[], address: string): boolean {
  return networks.some((network) => network.contains(address));
}

/** Loopback, private and link-local ranges (RFC 1122, 1918, 3927, 4193, 4291): who may boot unless a setting says otherwise. */
export const localNetworks =
  '127.0.0.0/8,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,169.254.0.0/16,::1/128,fc00::/7,fe80::/10';

/** Whether what comes from this URL is its host's own: by https, or from this machine. In clear it is whoever's stands in between. */
export function isTrustworthyUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  const loopback = /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/.test(hostname);
  return protocol === 'https:' || (protocol === 'http:' && loopback);
}
