import ipaddr from 'ipaddr.js';

/** A range of addresses, such as 10.0.0.0/8, in its canonical spelling. */
export interface Network {
  readonly cidr: string;
  contains(address: string): boolean;
}

/**
 * The one spelling of an IP address: IPv4-mapped IPv6 becomes IPv4 (RFC 4291 2.5.5.2), a zone is dropped (RFC 4007 11). The rest of
 * ::/96 but for `::` and `::1` is no address: it is IPv4's in a form that is given up (2.5.5.1), and would count as what it is not.
 */
export function canonicalAddress(text: string): string | undefined {
  const parsed = parse(text.replace(/%.*$/s, ''));
  if (!(parsed instanceof ipaddr.IPv6)) return parsed?.toString();
  if (parsed.isIPv4MappedAddress()) return parsed.toIPv4Address().toString();
  const compatible = parsed.parts.slice(0, 6).every((part) => part === 0);
  return compatible && !/^::1?$/.test(parsed.toString()) ? undefined : parsed.toString();
}

function parse(bare: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  // ipaddr.js takes "10.1" and "0x7f.1" for IPv4: only the four-part decimal form is one here.
  if (ipaddr.IPv4.isValidFourPartDecimal(bare)) return ipaddr.IPv4.parse(bare);
  // It takes `::10.1.0.5` for `::ffff:10.1.0.5`, too: so it sees hex groups alone.
  const groups = bare.replace(/(?<=:)\d+\.\d+\.\d+\.\d+$/, (tail) =>
    ipaddr.IPv4.isValidFourPartDecimal(tail) ? hexGroups(ipaddr.IPv4.parse(tail).octets) : tail,
  );
  return !groups.includes('.') && ipaddr.IPv6.isValid(groups) ? ipaddr.IPv6.parse(groups) : undefined;
}

/** The last 32 bits of an IPv6 address (RFC 4291 2.2). */
function hexGroups([a = 0, b = 0, c = 0, d = 0]: readonly number[]): string {
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}

/** The origin of an HTTP server at an address and a port; undefined where the address is none. */
export function httpOrigin(address: string | undefined, port: number | undefined): string | undefined {
  const canonical = canonicalAddress(address ?? '');
  if (!canonical) return undefined;
  return `http://${canonical.includes(':') ? `[${canonical}]` : canonical}:${port}`;
}

/** The usual network round an address: its /24, or its /64. */
export function networkRound(address: string): string | undefined {
  const parsed = parse(address);
  if (!parsed) return undefined;
  const [network, cidr] = parsed instanceof ipaddr.IPv6 ? [ipaddr.IPv6, 64] : [ipaddr.IPv4, 24];
  return `${network.networkAddressFromCIDR(`${address}/${cidr}`)}/${cidr}`;
}

/**
 * Reads `10.0.0.0/8`, `fd00::/8` or a single address, in any spelling (`::ffff:10.0.0.0/104` is `10.0.0.0/8`); undefined when it is
 * none of them or has host bits set.
 */
export function parseNetwork(text: string): Network | undefined {
  const [base = '', bits, ...rest] = text.split('/');
  const address = canonicalAddress(base);
  if (!address || rest.length > 0 || base.includes('%')) return undefined;
  const first = ipaddr.parse(address);
  const width = first.kind() === 'ipv4' ? 32 : 128;
  if (bits !== undefined && !/^\d{1,3}$/.test(bits)) return undefined;
  const mapped = width === 32 && base.includes(':') ? 96 : 0;
  const prefix = bits === undefined ? width : Number(bits) - mapped;
  if (prefix < 0 || prefix > width) return undefined;
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
