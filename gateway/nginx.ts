import { keyFile, type Places } from './places.ts';
import { isGoogles, privateAccess, type Settings } from './settings.ts';
import { fill, lines } from './template.ts';

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
  const audience = audienceOf(settings);
  const broker_scheme = new URL(broker.origin).protocol.slice(0, -1);
  const broker_host = new URL(broker.origin).host;
  const offline = settings.offline_hours > 0;
  const broker_tls = (spaces: number) => tls(settings, broker.origin, spaces).join('\n');
  return fill('nginx.conf', {
    ...places,
    ...(offline
      ? {
          asked: 'http://remembered',
          remembered: fill('remembered.conf', {
            ...places,
            hours: settings.offline_hours,
            broker_scheme,
            broker_host,
            broker_tls: broker_tls(6),
          }),
          remembered_path: `  proxy_cache_path ${places.cache}-answers levels=1:2 keys_zone=remembered:16m max_size=1g inactive=${settings.offline_hours}h use_temp_path=off;`,
          remembered_header: '    proxy_set_header X-Boot-Address $remote_addr;',
        }
      : {
          asked: `${broker_scheme}://broker`,
          remembered: '',
          remembered_path: '',
          remembered_header: '',
        }),
    role,
    user: settings.user,
    key_file: keyFile(settings.key, 'edge.key', places),
    neighbours: neighbours ?? '',
    peers: lines(
      peers.flatMap(({ name, addresses }) => addresses.map((network) => `${network} ${name};`)),
      4,
      (line) => line,
    ),
    peer_kids: lines(
      peers.filter(({ edge_kid }) => edge_kid),
      4,
      ({ name, edge_kid }) => `${name} ${edge_kid};`,
    ),
    peer_redirects: lines(peers, 4, ({ name, redirects }) => `${name} ${redirects};`),
    listen: `    listen ${bracketed(settings.listen)}:${settings.port};`,
    metrics: `127.0.0.1:${settings.metrics_port}`,
    cache_path: cache
      ? `  proxy_cache_path ${places.cache} levels=1:2 keys_zone=slices:16m max_size=${cache.size} inactive=30d use_temp_path=off;`
      : '',
    keeping: cache ? fill('slices.conf', cache) : passingRanges,
    broker_host,
    broker_servers: servers(settings, broker),
    broker_tls: [
      ...(audience ? ['    proxy_set_header Authorization $authorization;'] : []),
      broker_tls(4),
    ].join('\n'),
    storage_scheme: new URL(storage.origin).protocol.slice(0, -1),
    storage_host: new URL(storage.origin).host,
    storage_servers: servers(settings, storage),
    storage_tls: tls(settings, storage.origin, 6).join('\n'),
  });
}

/** Without a cache the storage itself answers ranges, and bytes go on as they come: what is buffered is copied once more. */
const passingRanges = `      proxy_set_header Range $http_range;
      proxy_set_header If-Range $http_if_range;
      proxy_buffering off;
      proxy_buffer_size 64k;`;

/** Whom the identity token is for; undefined when the broker asks for none. */
export function audienceOf({ broker }: Settings): string | undefined {
  const { hostname, origin } = new URL(broker.origin);
  return broker.audience ?? (hostname.endsWith('.run.app') ? origin : undefined);
}

/** Addresses, never names: nginx would resolve them once and keep them for good. */
function servers({ google }: Settings, { origin, addresses }: Settings['storage']): string {
  const { protocol, hostname, port } = new URL(origin);
  const to = addresses ?? (isGoogles(hostname) ? hosts(privateAccess[google]) : [hostname]);
  const portOrDefault = port || (protocol === 'https:' ? '443' : '80');
  return lines(to, 4, (address) => `server ${bracketed(address)}:${portOrDefault};`);
}

/** The four addresses of a /30. */
export function hosts(network: string): string[] {
  const [, start = '', last = ''] = /^(\d+\.\d+\.\d+\.)(\d+)\/30$/.exec(network) ?? [];
  return [0, 1, 2, 3].map((n) => start + (Number(last) + n));
}

/** Host and server name are the same: Google's front end refuses what differs. */
function tls({ certificates }: Settings, origin: string, spaces: number): string[] {
  const { protocol, hostname } = new URL(origin);
  if (protocol !== 'https:') return [];
  const directives = [
    `proxy_ssl_name ${hostname};`,
    'proxy_ssl_server_name on;',
    'proxy_ssl_verify on;',
    'proxy_ssl_verify_depth 4;',
    'proxy_ssl_protocols TLSv1.2 TLSv1.3;',
    `proxy_ssl_trusted_certificate ${certificates};`,
  ];
  return directives.map((directive) => ' '.repeat(spaces) + directive);
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
