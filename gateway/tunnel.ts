import { cidr } from './network.ts';
import { hosts } from './nginx.ts';
import { keyFile, type Places } from './places.ts';
import { canaryHost, type Peer, privateAccess, type Settings } from './settings.ts';
import { fill, when } from './template.ts';

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
        ssh: when(settings.ssh_from.length > 0 && { ssh_from: settings.ssh_from.join(', ') }),
        mss: mtu - 40,
      }),
    ],
    [`${places.etc}/connections.conf`, connections(settings, tunnel)],
    [
      `${places.etc}/dnsmasq.conf`,
      fill('dnsmasq.conf', {
        listen,
        addresses: hosts(google).map((address) => ({ address })),
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

/** Twice as many connections as requests may be under way: idle ones are kept for the next request. */
function connections({ port, limits }: Settings, { peers }: Tunnel): string {
  const behindEdges = peers.filter(({ edge_kid }) => edge_kid !== undefined);
  const networks = behindEdges.flatMap(({ addresses }) => addresses).join(', ');
  const limit = limits.connections * 2;
  const edge_limit = limit * limits.edge_factor;
  return fill('connections.conf', { port, limit, edges: when(networks !== '' && { networks, edge_limit }) });
}

function wireguard({ listen_port, peers }: Tunnel): string {
  return fill('wireguard.conf', {
    listen_port,
    peers: peers.map(({ name, public_key, addresses, endpoint }) => ({
      name,
      public_key,
      allowed: addresses.map(cidr).join(', '),
      reached: when(endpoint !== undefined && { endpoint }),
    })),
  });
}

/** What each site needs on its side, by `site/file`. */
export function siteFiles(settings: Settings): ReadonlyMap<string, string> {
  const { tunnel, listen, role } = settings;
  if (!tunnel || role !== 'cloud') return new Map();
  return new Map(
    tunnel.peers.flatMap((peer) => [...siteOf(peer, tunnel, listen, privateAccess[settings.google])]),
  );
}

function siteOf(peer: Peer, tunnel: Tunnel, gateway: string, google: string): Map<string, string> {
  const { name, addresses } = peer;
  const host = canaryHost(peer);
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
        routes: [`${gateway}/32`, google].map((network) => ({ network })),
      }),
    ],
    ...(host
      ? [[`${name}/canary`, fill('canary', { vip: hosts(google).join(' '), gateway, host })] as const]
      : []),
  ]);
}
