import { keyFile, type Places } from './places.ts';
import { canaryHost, isGoogles, type Peer, privateAccess, type Settings } from './settings.ts';
import { fill, type Values, when } from './template.ts';

/** What nginx reads, by path. */
export function nginxFiles(settings: Settings, places: Places): ReadonlyMap<string, string> {
  return new Map([
    [`${places.etc}/nginx.conf`, nginxConf(settings, places)],
    [`${places.etc}/edge.js`, fill('edge.js')],
  ]);
}

/** nginx.conf (templates/nginx.conf says how it works). */
function nginxConf(settings: Settings, places: Places): string {
  const { role, broker, storage, cache, neighbours, tunnel } = settings;
  const peers = tunnel?.peers ?? [];
  const { protocol, host } = new URL(broker.origin);
  const toBroker = { ...places, broker_scheme: protocol.slice(0, -1), broker_host: host };
  const offline = settings.offline_hours > 0 && { hours: settings.offline_hours };
  return fill('nginx.conf', {
    ...toBroker,
    role,
    key_file: keyFile(settings.key, 'edge.key', places),
    neighbours: neighbours ?? '',
    peers: peers.flatMap(({ name, addresses }) => addresses.map((network) => ({ network, name }))),
    peer_kids: peers.flatMap(({ name, edge_kid }) => when(edge_kid !== undefined && { name, edge_kid })),
    peer_redirects: peers.map(({ name, redirects }) => ({ name, redirects })),
    canaries: peers.flatMap((peer) => when(namedHost(peer))),
    ...limits(settings),
    listen: `${bracketed(settings.listen)}:${settings.port}`,
    metrics: `127.0.0.1:${settings.metrics_port}`,
    traces: when(settings.traces !== undefined && {}),
    identity: when(audienceOf(settings) !== undefined && {}),
    slices: when(cache),
    // Without a cache the storage itself answers ranges, and bytes go on as they come: what is buffered is copied once more.
    keeping: cache ? fill('slices.conf', cache) : fill('passing-ranges.conf'),
    broker_servers: servers(settings, broker),
    broker_tls: tls(settings, broker.origin, 4),
    storage_scheme: new URL(storage.origin).protocol.slice(0, -1),
    storage_host: new URL(storage.origin).host,
    storage_servers: servers(settings, storage),
    storage_tls: tls(settings, storage.origin, 6),
    offline: when(offline),
    asked: offline ? 'http://remembered' : `${toBroker.broker_scheme}://broker`,
    remembered: offline
      ? fill('remembered.conf', { ...toBroker, ...offline, broker_tls: tls(settings, broker.origin, 6) })
      : '',
  });
}

/** Twice the rate may come at once: the first half goes on, the rest waits for up to a second. */
function limits({ limits: { requests_per_second: rate, connections, edge_factor } }: Settings) {
  const edge_rate = rate * edge_factor;
  return {
    rate,
    burst: rate * 2,
    connections,
    edge_rate,
    edge_burst: edge_rate * 2,
    edge_connections: connections * edge_factor,
  };
}

function namedHost(peer: Peer): Values | undefined {
  const host = canaryHost(peer);
  return host === undefined ? undefined : { host, name: peer.name };
}

/** The audience of the identity token; undefined when the broker asks for none. */
export function audienceOf({ broker }: Settings): string | undefined {
  const { hostname, origin } = new URL(broker.origin);
  return broker.audience ?? (hostname.endsWith('.run.app') ? origin : undefined);
}

/** Addresses, never names: nginx would resolve them once and keep them for good. */
function servers({ google }: Settings, { origin, addresses }: Settings['storage']): readonly Values[] {
  const { protocol, hostname, port } = new URL(origin);
  const to = addresses ?? (isGoogles(hostname) ? hosts(privateAccess[google]) : [hostname]);
  const portOrDefault = port || (protocol === 'https:' ? '443' : '80');
  return to.map((address) => ({ server: `${bracketed(address)}:${portOrDefault}` }));
}

/** The four addresses of a /30. */
export function hosts(network: string): string[] {
  const [, start = '', last = ''] = /^(\d+\.\d+\.\d+\.)(\d+)\/30$/.exec(network) ?? [];
  return [0, 1, 2, 3].map((n) => start + (Number(last) + n));
}

/** Host and server name are the same: Google's front end refuses what differs. Indented by so many spaces. */
function tls({ certificates }: Settings, origin: string, spaces: number): string {
  const { protocol, hostname } = new URL(origin);
  if (protocol !== 'https:') return '';
  const directives = fill('tls.conf', { hostname, certificates });
  return directives.trimEnd().replaceAll(/^/gm, ' '.repeat(spaces));
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
