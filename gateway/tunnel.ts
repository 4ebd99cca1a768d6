import { cidr } from './network.ts';
import { hosts } from './nginx.ts';
import { keyFile, type Places } from './places.ts';
import { type Peer, privateAccess, type Settings } from './settings.ts';
import { fill, lines } from './template.ts';

/** Inside the tunnel: 1380 of WireGuard's 1420, for an underlay of 1440 such as PPPoE or a VPC of 1460. */
const mtu = 1380;

type Tunnel = NonNullable<Settings['tunnel']>;

/** WireGuard, the firewall round it and the names in it, by path; nothing without a tunnel. */
export function tunnelFiles(settings: Settings, places: Places): ReadonlyMap<string, string> {
  const { tunnel, listen, port, role } = settings;
  if (!tunnel) return new Map();
  const google = privateAccess[settings.google];
  return new Map([
    [`${places.etc}/wireguard.conf`, wireguard(tunnel)],
    [
      `${places.etc}/nftables.conf`,
      fill('nftables.conf', {
        peers: tunnel.peers.flatMap(({ addresses }) => addresses).join(', '),
        listen_port: tunnel.listen_port,
        // A site edge's machines are on its own link.
        from: role === 'cloud' ? 'iifname "wg0" ' : '',
        listen,
        port,
        google,
        ssh:
          settings.ssh_from.length > 0
            ? `    ip saddr { ${settings.ssh_from.join(', ')} } tcp dport 22 accept`
            : '',
        mss: mtu - 40,
      }),
    ],
    [
      `${places.etc}/dnsmasq.conf`,
      fill('dnsmasq.conf', {
        listen,
        addresses: lines(hosts(google), 0, (address) => `address=/googleapis.com/${address}`),
      }),
    ],
    [
      `${places.lib}/tunnel`,
      fill('tunnel', {
        ...places,
        address: tunnel.address,
        key_file: keyFile(tunnel.key, 'wireguard.key', places),
      }),
    ],
  ]);
}

function wireguard({ listen_port, peers }: Tunnel): string {
  const sections = peers.map(({ name, public_key, addresses, endpoint }) =>
    [
      `\n# ${name}`,
      '[Peer]',
      `PublicKey = ${public_key}`,
      `AllowedIPs = ${addresses.map(cidr).join(', ')}`,
      ...(endpoint ? [`Endpoint = ${endpoint}`, 'PersistentKeepalive = 25'] : []),
    ].join('\n'),
  );
  return fill('wireguard.conf', { listen_port, peers: sections.join('\n') });
}

/** What each site needs on its side, by `site/file`. */
export function siteFiles(settings: Settings): ReadonlyMap<string, string> {
  const { tunnel, listen, role } = settings;
  if (!tunnel || role !== 'cloud') return new Map();
  return new Map(
    tunnel.peers.flatMap((peer) => [...siteOf(peer, tunnel, listen, privateAccess[settings.google])]),
  );
}

function siteOf(
  { name, addresses }: Peer,
  tunnel: Tunnel,
  gateway: string,
  google: string,
): Map<string, string> {
  return new Map([
    [
      `${name}/wireguard.conf`,
      fill('site-wireguard.conf', {
        name,
        addresses: addresses[0] ?? '',
        public_key: tunnel.public_key ?? 'SET-tunnel.public_key',
        endpoint: tunnel.endpoint ?? 'SET-tunnel.endpoint',
        allowed: `${gateway}/32, ${google}`,
      }),
    ],
    [`${name}/dnsmasq.conf`, fill('site-dnsmasq.conf', { name, gateway })],
    [
      `${name}/routes`,
      fill('site-routes', {
        name,
        routes: lines([`${gateway}/32`, google], 0, (network) => `ip route replace ${network} via "$1"`),
      }),
    ],
    [`${name}/canary`, fill('canary', { vip: hosts(google).join(' '), gateway })],
  ]);
}
