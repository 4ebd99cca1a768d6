import { isIP, isIPv4 } from 'node:net';
import { z } from 'zod';
import { isNetwork, overlap } from './network.ts';

/** Where Google's interfaces are reached inside a VPC (Google: "Configure Private Google Access"). Never the two mixed. */
export const privateAccess = { private: '199.36.153.8/30', restricted: '199.36.153.4/30' } as const;

// All of it ends up in other programs' configuration: nothing may pass that could end a word there.
const name = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'takes 1 to 64 of A-Z a-z 0-9 . _ -');
const path = z.string().regex(/^(\/[A-Za-z0-9._-]+)+$/, 'is no absolute path of plain characters');
const address = z.string().refine((text) => isIP(text) > 0, 'is no IP address');
const network = z.string().refine(isNetwork, 'is no IPv4 address, nor a network such as 10.10.0.0/24');
const networks = z.array(network).min(1);
const size = z.string().regex(/^[1-9]\d*[kmg]$/, 'is no size such as 20g');
const port = z.int().min(1).max(65_535);
const origin = z
  .string()
  .regex(/^https?:\/\/[A-Za-z0-9.-]+(:\d{1,5})?$/, 'is no origin such as https://broker.example');
const endpoint = z
  .string()
  .regex(/^(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+):\d{1,5}$/, 'is no host and port such as gateway.example:51820');
const wireguardKey = z.string().regex(/^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/, 'is no WireGuard public key');

/** Where a key is: in a file that is there, or in Secret Manager, from where the gateway fetches it. Never in the settings. */
const key = z.union(
  [
    z.strictObject({ file: path }),
    z.strictObject({
      secret: z.string().regex(/^projects\/[a-z0-9.:-]+\/secrets\/[A-Za-z0-9_-]+(\/versions\/\w+)?$/),
    }),
  ],
  'is neither {file: /path} nor {secret: projects/P/secrets/S}; the key itself stays out of here',
);

const peer = z.strictObject({
  name,
  public_key: wireguardKey,
  /** AllowedIPs: whose packets this peer may send, and which go to it. */
  addresses: networks,
  endpoint: endpoint.optional(),
  /** The key of the edge on this peer's site, whose vouching is passed on. */
  edge_kid: name.optional(),
  redirects: z.enum(['canary', 'always', 'never']).default('canary'),
  /** The host of the site that runs the canary, by which the gateway knows it; unset: its first address that is no network. */
  canary_host: address.optional(),
});

const tunnel = z.strictObject({
  key,
  address: network,
  listen_port: port.default(51_820),
  /** Where sites reach this gateway, for what is rendered for them. */
  endpoint: endpoint.optional(),
  public_key: wireguardKey.optional(),
  peers: z.array(peer).min(1),
});

const upstream = z.strictObject({
  origin,
  /** Where it is reached; unset: the origin's own address, or Private Google Access for Google's names. */
  addresses: z.array(address).min(1).optional(),
});

const schema = z.strictObject({
  role: z.enum(['cloud', 'site']),
  /** Where machines ask. */
  listen: address,
  port: port.default(80),
  /** A file that says `kid:base64url`, as BROKER_EDGE_KEYS has it. */
  key,
  /** dnsmasq's leases or /proc/net/arp: who has which MAC on the site's own link. */
  neighbours: path.optional(),
  broker: upstream.extend({
    /** The audience of the identity token; unset: the origin, when that is Cloud Run's. */
    audience: origin.optional(),
  }),
  storage: upstream.prefault({ origin: 'https://storage.googleapis.com' }),
  google: z.enum(['private', 'restricted']).default('private'),
  /** The certificates that both upstreams are held against. */
  certificates: path.default('/etc/ssl/certs/ca-certificates.crt'),
  /** `false`: whatever is handed off is fetched for each machine anew. */
  cache: z
    .union([z.literal(false), z.strictObject({ size: size.default('10g'), slice: size.default('4m') })])
    .prefault({}),
  /** For so long a site goes on with what it served last when the broker is out of reach. */
  offline_hours: z.int().min(0).max(720).default(0),
  /** What one address may ask (docs/operate/gateway-limits.md). */
  limits: z
    .strictObject({
      /** What comes faster waits, a second at most, or else is refused. */
      requests_per_second: z.int().min(1).max(10_000).default(100),
      /** Requests that are answered at the same time. */
      connections: z.int().min(1).max(4096).default(32),
      /** So many times as much has the edge of a site, which speaks for all its machines. */
      edge_factor: z.int().min(1).max(100).default(20),
    })
    .prefault({}),
  /** Origin of a receiver of OTLP over http, such as http://10.128.0.9:4318: it is told of each request. */
  traces: origin.optional(),
  metrics_port: port.default(9145),
  user: name.default('www-data'),
  ssh_from: z.array(network).default([]),
  tunnel: tunnel.optional(),
  /** Container image of the gateway, for Container-Optimized OS and docker compose. */
  image: z
    .string()
    .regex(/^[A-Za-z0-9._/:@-]+$/)
    .default('bootbroker-gateway'),
});

export type Settings = z.infer<typeof schema>;
export type Peer = z.infer<typeof peer>;
export type KeySource = z.infer<typeof key>;

/** The settings, or everything that is wrong with them, each mistake with the name of the setting. */
export function readSettings(given: unknown): { settings: Settings } | { mistakes: readonly string[] } {
  const read = schema.safeParse(given);
  if (!read.success)
    return {
      mistakes: read.error.issues.map((issue) =>
        issue.code === 'unrecognized_keys'
          ? `${[...issue.path, issue.keys.join(', ')].join('.')}: there is no such setting`
          : `${issue.path.join('.') || 'the settings'}: ${issue.message}`,
      ),
    };
  const mistakes = contradictions(read.data);
  return mistakes.length > 0 ? { mistakes } : { settings: read.data };
}

function contradictions({
  role,
  tunnel,
  neighbours,
  offline_hours,
  broker,
  storage,
  cache,
}: Settings): string[] {
  const found: string[] = [];
  if (role === 'cloud' && !tunnel)
    found.push('tunnel: the cloud edge knows who is calling by the tunnel; give it one');
  if (role === 'cloud' && neighbours)
    found.push('neighbours: behind a tunnel a MAC is a router’s; only a site edge may vouch for one');
  if (role === 'site' && !cache) found.push('cache: a site edge is there for its cache');
  if (role === 'cloud' && offline_hours > 0)
    found.push('offline_hours: is for a site edge, which machines reach without the tunnel');
  for (const [setting, upstream] of Object.entries({ broker, storage })) {
    const { hostname } = new URL(upstream.origin);
    if (!upstream.addresses && !isIPv4(hostname) && !isGoogles(hostname))
      found.push(`${setting}.addresses: nginx resolves no names; say where ${hostname} is`);
  }
  const taken: (readonly [place: string, network: string])[] = tunnel
    ? [['tunnel.address', tunnel.address]]
    : [];
  const names = new Set<string>();
  for (const [n, peer] of tunnel?.peers.entries() ?? []) {
    const { name, addresses, public_key } = peer;
    for (const word of [name, public_key]) {
      if (names.has(word)) found.push(`tunnel.peers.${n}: ${word} is another peer's as well`);
      names.add(word);
    }
    if (role === 'cloud') found.push(...canaryMistakes(peer, `tunnel.peers.${n}.canary_host`));
    for (const [m, network] of addresses.entries()) {
      const place = `tunnel.peers.${n}.addresses.${m}`;
      // WireGuard would take both and give the network to the last, without a word.
      const clash = taken.find(([, other]) => overlap(network, other));
      if (clash) found.push(`${place}: ${network} overlaps ${clash[1]} of ${clash[0]}`);
      taken.push([place, network]);
    }
  }
  return found;
}

/** The address that a site's word about its redirects is taken from. */
export function canaryHost({ canary_host, addresses }: Peer): string | undefined {
  return canary_host ?? addresses.map((network) => network.replace(/\/32$/, '')).find(isIPv4);
}

function canaryMistakes(peer: Peer, place: string): string[] {
  const host = canaryHost(peer);
  if (host === undefined)
    return peer.redirects === 'canary'
      ? [`${place}: say which host of ${peer.name} runs the canary, or redirects: always or never`]
      : [];
  return peer.addresses.some((network) => isIPv4(host) && overlap(network, host))
    ? []
    : [`${place}: ${host} is none of ${peer.name}'s addresses`];
}

/** Names that Private Google Access serves. */
export function isGoogles(hostname: string): boolean {
  return /(^|\.)(googleapis\.com|run\.app)$/.test(hostname);
}
