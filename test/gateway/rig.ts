import type { ChildProcess } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { hosts } from '../../gateway/nginx.ts';
import { type Places, placesUnder } from '../../gateway/places.ts';
import { installed as gatewayFiles } from '../../gateway/services.ts';
import { readSettings, type Settings } from '../../gateway/settings.ts';
import { siteFiles, tunnelFiles } from '../../gateway/tunnel.ts';
import { type Broker, startBroker } from '../lab/broker.ts';
import { serveDhcp } from '../lab/dhcp.ts';
import { packInitrd } from '../lab/initrd.ts';
import { fetchKernel, type Kernel } from '../lab/kernel.ts';
import { installed } from '../lab/loaders.ts';
import { openRoom, type Room } from '../lab/room.ts';
import { snippet } from '../lab/snippets.ts';
import { until } from '../support/http.ts';
import type { Received } from '../support/otlp.ts';
import { cable, ip } from './cable.ts';

/** Not by its name: a package of that name may come first. */
export const nft = '/usr/sbin/nft';

/** One way through the underlay, in ms. */
export const delayMs = 25;
const mtu = 1460;
const otlp = join(import.meta.dirname, '../support/otlp-program.ts');
const relay = join(import.meta.dirname, 'relay.ts');

/** A site, an underlay, a gateway and a cloud behind it, each in a network namespace of its own. */
export interface Rig {
  readonly site: Room;
  readonly underlay: Room;
  readonly gateway: Room;
  readonly cloud: Room;
  readonly places: Places;
  readonly kernel: Kernel;
  readonly initrd: string;
  readonly broker: () => Broker;
  /** Starts the broker again, on the data that it has. */
  readonly startBroker: () => Promise<void>;
  /** Cuts the tunnel's underlay, or joins it again. */
  readonly switchUnderlay: () => Promise<void>;
  readonly startNginx: () => Promise<ChildProcess>;
  nginx: ChildProcess;
  /** Renders these peers and has the gateway take them; nothing restarts. */
  readonly setPeers: (names: readonly string[]) => Promise<void>;
  readonly accessLog: () => Record<string, unknown>[];
  /** Bytes that the cloud's two servers have sent, as its firewall counted them. */
  /** What broker, storage and gateway have told of requests. */
  readonly spans: () => Promise<readonly Span[]>;
  readonly sent: () => Promise<{ broker: number; storage: number }>;
  /** The second peer's private key, and the gateway's public one. */
  readonly keys: { readonly stranger: WireguardKey; readonly gateway: WireguardKey };
  readonly edgeKeys: Readonly<Record<'cloud' | 'site', string>>;
  close(): Promise<void>;
}

/** As it came from the receiver. */
export type Span = Omit<Received, 'start' | 'end'>;

interface WireguardKey {
  readonly private: string;
  readonly public: string;
}

export async function openRig(): Promise<Rig> {
  const rooms = await Promise.all([0, 1, 2, 3].map(() => openRoom({ ownFiles: true })));
  try {
    return await furnish(rooms as [Room, Room, Room, Room]);
  } catch (error) {
    await Promise.all(rooms.map((room) => room.close()));
    throw error;
  }
}

async function furnish([site, underlay, gateway, cloud]: [Room, Room, Room, Room]): Promise<Rig> {
  const rooms = [site, underlay, gateway, cloud];
  for (const room of [underlay, gateway, cloud]) await ip(room, 'link del br0');
  await cable(site, '192.0.2.2/30', underlay, '192.0.2.1/30');
  await cable(underlay, '198.51.100.1/30', gateway, '198.51.100.2/30');
  await cable(gateway, '10.128.0.1/24', cloud, '10.128.0.2/24');
  for (const address of hosts('199.36.153.8/30')) await ip(cloud, `address add ${address}/32 dev lo`);
  await ip(gateway, 'route add 199.36.153.8/30 via 10.128.0.2');

  const keys = { site: wireguardKey(), stranger: wireguardKey(), gateway: wireguardKey() };
  const edgeKeys = {
    cloud: randomBytes(32).toString('base64url'),
    site: randomBytes(32).toString('base64url'),
  };
  const all = [
    {
      name: 'site',
      public_key: keys.site.public,
      addresses: ['10.10.0.2', '10.77.0.0/24'],
      edge_kid: 'site',
    },
    { name: 'stranger', public_key: keys.stranger.public, addresses: ['10.10.0.3'] },
  ];
  const settingsFor = (names: readonly string[]) =>
    accepted({
      role: 'cloud',
      listen: '10.10.0.1',
      key: { file: join(gateway.folder, 'edge.key') },
      user: 'root',
      broker: { origin: 'http://10.128.0.2:8080' },
      storage: { origin: 'http://storage.googleapis.com' },
      cache: { slice: '1m' },
      traces: 'http://10.128.0.2:4318',
      tunnel: {
        address: '10.10.0.1/32',
        key: { file: join(gateway.folder, 'wireguard.key') },
        endpoint: '192.0.2.1:51820',
        public_key: keys.gateway.public,
        peers: all.filter(({ name }) => names.includes(name)),
      },
    });

  // The gateway, from rendered files alone.
  writeFileSync(join(gateway.folder, 'edge.key'), `cloud:${edgeKeys.cloud}`);
  writeFileSync(join(gateway.folder, 'wireguard.key'), keys.gateway.private);
  const places = placesUnder(gateway.folder);
  const settings = settingsFor(['site', 'stranger']);
  install(places, gatewayFiles(settings, places));
  await startWireguard(gateway);
  const tunnel = (verb: string) => gateway.run('sh', [join(places.lib, 'tunnel'), verb]);
  await tunnel('sync');
  const dnsmasq = gateway.start('dnsmasq', [
    ...[
      '--keep-in-foreground',
      `--conf-file=${places.etc}/dnsmasq.conf`,
      '--user=root',
      '--group=root',
      '--pid-file',
    ],
  ]);
  dnsmasq.stderr.pipe(process.stderr);

  // The site's router: WireGuard, DHCP, and names as its rendered files say.
  const files = siteFiles(settings);
  await startWireguard(site);
  const config = (files.get('site/wireguard.conf') ?? '')
    .replace(/^(Address|MTU).*\n/gm, '')
    .replace('SEE-THE-LINE-ABOVE', keys.site.private);
  writeFileSync(join(site.folder, 'wireguard.conf'), config);
  await site.run('wg', ['setconf', 'wg0', join(site.folder, 'wireguard.conf')]);
  await ip(site, 'address add 10.10.0.2/32 dev wg0');
  await ip(site, 'link set wg0 mtu 1380 up');
  for (const network of ['10.10.0.1/32', '199.36.153.8/30']) await ip(site, `route add ${network} dev wg0`);
  await site.run('sysctl', ['-q', '-w', 'net.ipv4.ip_forward=1']);
  serveDhcp(
    site,
    [
      snippet('dnsmasq', 'boot.internal').replaceAll('boot.internal:8080', 'boot.internal'),
      files.get('site/dnsmasq.conf'),
      'no-resolv\nno-hosts\n',
    ].join('\n'),
  );
  writeFileSync(join(site.folder, 'resolv.conf'), 'nameserver 10.77.0.1\n');
  await site.run('mount', ['--bind', join(site.folder, 'resolv.conf'), '/etc/resolv.conf']);
  writeFileSync(join(site.folder, 'canary'), files.get('site/canary') ?? '');

  const relaying = underlay.start(process.execPath, [
    relay,
    String(delayMs),
    String(mtu),
    '198.51.100.2',
    '51820',
  ]);
  relaying.stderr.pipe(process.stderr);
  await once(relaying.stdout, 'data');

  // The cloud: broker and storage, which know their machines by the gateway alone.
  await counting(cloud);
  writeFileSync(join(cloud.folder, 'hosts'), '127.0.0.1 localhost\n199.36.153.8 storage.googleapis.com\n');
  await cloud.run('mount', ['--bind', join(cloud.folder, 'hosts'), '/etc/hosts']);
  const networks = { cloud: ['10.10.0.0/24', '10.77.0.0/24'], site: ['10.77.0.0/24'] };
  const edgeKeysFile = join(cloud.folder, 'edge-keys.json');
  writeFileSync(
    edgeKeysFile,
    JSON.stringify(
      (['cloud', 'site'] as const).map((kid) => ({
        kid,
        key: edgeKeys[kid],
        networks: networks[kid],
        capabilities: ['cache', 'follow'],
      })),
    ),
  );
  const spans = await receiverIn(cloud, '10.128.0.2');
  const start = () =>
    startBroker(cloud, {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://10.128.0.2:4318',
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_BSP_SCHEDULE_DELAY: '200',
      BROKER_LISTEN: '10.128.0.2:8080',
      BROKER_STORAGE_LISTEN: '0.0.0.0:80',
      BROKER_STORAGE_PUBLIC_URL: 'http://storage.googleapis.com',
      BROKER_EDGE_KEYS: `@${edgeKeysFile}`,
      BROKER_ALLOWED_NETWORKS: '10.10.0.0/24,10.77.0.0/24',
    });
  let broker = await start();
  const startNginx = () => nginxIn(gateway, places);
  const kernel = await fetchKernel(join(site.folder, 'kernel'));
  return {
    site,
    underlay,
    gateway,
    cloud,
    places,
    kernel,
    initrd: packInitrd(kernel, site.folder),
    broker: () => broker,
    async startBroker() {
      broker = await start();
    },
    async switchUnderlay() {
      const said = once(relaying.stdout, 'data');
      relaying.kill('SIGUSR1');
      await said;
    },
    startNginx,
    nginx: await startNginx(),
    async setPeers(names) {
      install(places, tunnelFiles(settingsFor(names), places));
      await tunnel('sync');
    },
    accessLog: () =>
      readFileSync(join(places.log, 'access.log'), 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    async spans() {
      await gateway.run('sh', [join(places.lib, 'spans'), 'once']);
      return spans();
    },
    sent: () => sentBy(cloud),
    keys,
    edgeKeys,
    async close() {
      await Promise.all(rooms.map((room) => room.close()));
    },
  };
}

/** A receiver of spans there; resolves to what it has so far. */
async function receiverIn(room: Room, host: string): Promise<() => readonly Span[]> {
  const spans: Span[] = [];
  const program = room.start(process.execPath, [otlp, host, '4318']);
  program.stderr.pipe(process.stderr);
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  createInterface({ input: program.stdout }).on('line', (line) => {
    if (line === 'ready') resolve();
    else spans.push(JSON.parse(line));
  });
  await ready;
  return () => spans;
}

/** Gives the broker what machines boot. */
export async function stock({ broker, kernel, initrd }: Rig): Promise<void> {
  const push = (path: string, kind: string, name: string) =>
    broker().command('asset', 'push', path, '--kind', kind, '--name', name, '--version', '1');
  await push(installed.firstStage, 'efi', 'ipxe');
  await push(kernel.image, 'kernel', 'debian');
  await push(initrd, 'initrd', 'lab');
}

/** Registers a machine with a profile of its own. Resolves to the machine's id and the profile's revision. */
export async function register({ broker }: Rig, mac: string): Promise<{ machine: string; revision: string }> {
  const { id: machine } = await broker().command<{ id: string }>('machine', 'add', '--mac', mac);
  const { id: revision } = await broker().command<{ id: string }>(
    ...['profile', 'create', '--name', `lab-${mac.slice(-2)}`, '--machine', machine],
    ...[
      '--kernel',
      'debian@1',
      '--initrd',
      'lab@1',
      '--cmdline',
      'console=ttyS0 broker.url=http://10.10.0.1',
    ],
  );
  return { machine, revision };
}

export function accepted(given: unknown): Settings {
  const read = readSettings(given);
  if ('mistakes' in read) throw new Error(read.mistakes.join('\n'));
  return read.settings;
}

export function install(places: Places, files: ReadonlyMap<string, string>): void {
  for (const place of Object.values(places)) mkdirSync(place, { recursive: true });
  for (const name of ['canary', 'edge']) mkdirSync(join(places.run, name), { recursive: true });
  for (const [path, text] of files) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    if (text.startsWith('#!')) chmodSync(path, 0o755);
  }
}

/** Starts nginx with what was rendered for it, and waits until it answers. */
export async function nginxIn(room: Room, { etc }: Places): Promise<ChildProcess> {
  // As one process: the room ends with its processes, and nginx's workers would outlive a master that is killed.
  const flags = ['-e', 'stderr', '-c', join(etc, 'nginx.conf'), '-g', 'daemon off; master_process off;'];
  const nginx = room.start('nginx', flags);
  nginx.stderr.pipe(process.stderr);
  await until(() => answers(room.run('curl', ['-sf', 'http://127.0.0.1:9145/healthz'])));
  return nginx;
}

const answers = (running: Promise<unknown>) =>
  running.then(
    () => true,
    () => false,
  );

/** WireGuard without the kernel's module; it is gone with its room. */
export async function startWireguard(room: Room): Promise<void> {
  const env = { ...process.env, WG_PROCESS_FOREGROUND: '1', LOG_LEVEL: 'error' };
  room.start('wireguard-go', ['-f', 'wg0'], { env }).stderr.pipe(process.stderr);
  await until(() => answers(room.run('wg', ['show', 'wg0'])));
}

/** RFC 7748: WireGuard clamps the private key itself. */
function wireguardKey(): WireguardKey {
  const { x = '', d = '' } = generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' });
  const base64 = (text: string) => Buffer.from(text, 'base64url').toString('base64');
  return { private: base64(d), public: base64(x) };
}

async function counting(room: Room): Promise<void> {
  const rules = join(room.folder, 'counters.nft');
  writeFileSync(
    rules,
    `table inet witness {
      counter broker { }
      counter storage { }
      chain out {
        type filter hook output priority 0;
        oifname "c*" tcp sport 8080 counter name broker
        oifname "c*" tcp sport 80 counter name storage
      }
    }\n`,
  );
  await room.run(nft, ['-f', rules]);
}

async function sentBy(room: Room): Promise<{ broker: number; storage: number }> {
  const { nftables } = JSON.parse(await room.run(nft, ['--json', 'list', 'counters']));
  const bytes = (name: string) =>
    nftables.find((entry: { counter?: { name: string } }) => entry.counter?.name === name).counter.bytes;
  return { broker: bytes('broker'), storage: bytes('storage') };
}
