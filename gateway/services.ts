import { audienceOf, nginxFiles } from './nginx.ts';
import { keyFile, type Places } from './places.ts';
import type { KeySource, Settings } from './settings.ts';
import { fill } from './template.ts';
import { tunnelFiles } from './tunnel.ts';

/** A program of the gateway that runs for good, whatever starts it, and what it may do. */
export interface Service {
  readonly name: string;
  readonly about: string;
  readonly command: string;
  readonly reload?: string;
  readonly user: string;
  readonly group: string;
  /** Linux capabilities (capabilities(7), without CAP_) that it has. */
  readonly capabilities: readonly string[];
  /** Folders that it writes to. */
  readonly writes: readonly string[];
  /** Socket families (address_families(7)). */
  readonly families: readonly string[];
  /** It changes settings of the kernel below /proc/sys. */
  readonly tunables?: true;
}

const root = { user: 'root', group: 'root' };
const internet = ['AF_INET', 'AF_INET6', 'AF_UNIX'];

/** The gateway's programs. */
export function services(settings: Settings, places: Places): readonly Service[] {
  const upkeeps = fetchesOf(settings, places).length > 0 ? [upkeep(places)] : [];
  const tunnels = settings.tunnel ? [tunnel(places), names(places)] : [];
  const tellers = settings.traces === undefined ? [] : [spans(settings, places)];
  return [...upkeeps, ...tunnels, edge(settings, places), ...tellers];
}

function upkeep({ lib, run, cache }: Places): Service {
  return {
    ...root,
    name: 'upkeep',
    about: 'identity token, keys and what is remembered, kept fresh',
    command: `/bin/sh ${lib}/upkeep run`,
    // It gives nginx's group what that reads, and removes what nginx remembers.
    capabilities: ['CHOWN', 'DAC_OVERRIDE'],
    writes: [run, `${cache}-answers`],
    families: internet,
  };
}

function tunnel({ lib }: Places): Service {
  return {
    ...root,
    name: 'tunnel',
    about: 'firewall and WireGuard',
    command: `/bin/sh ${lib}/tunnel run`,
    reload: `/bin/sh ${lib}/tunnel sync`,
    capabilities: ['NET_ADMIN'],
    writes: [],
    families: [...internet, 'AF_NETLINK'],
    tunables: true,
  };
}

function names({ etc }: Places): Service {
  return {
    // The user that Debian's package makes.
    user: 'dnsmasq',
    group: 'nogroup',
    name: 'names',
    about: 'boot.internal and storage.googleapis.com inside the tunnel',
    command: `/usr/sbin/dnsmasq --keep-in-foreground --conf-file=${etc}/dnsmasq.conf`,
    capabilities: ['NET_BIND_SERVICE'],
    writes: [],
    families: [...internet, 'AF_NETLINK'],
  };
}

function edge({ user }: Settings, { etc, run, log, cache }: Places): Service {
  const nginx = `/usr/sbin/nginx -e stderr -c ${etc}/nginx.conf`;
  return {
    user,
    group: user,
    name: 'edge',
    about: 'nginx that vouches for machines and follows handoffs',
    command: `${nginx} -g 'daemon off;'`,
    // Transfers that run end in the old workers.
    reload: `${nginx} -s reload`,
    capabilities: ['NET_BIND_SERVICE'],
    writes: [`${run}/edge`, `${run}/canary`, log, cache, `${cache}-answers`],
    families: internet,
  };
}

function spans({ user }: Settings, { lib, run, log }: Places): Service {
  return {
    user,
    group: user,
    name: 'spans',
    about: 'spans of its requests, sent to the receiver of traces',
    command: `/bin/sh ${lib}/spans run`,
    capabilities: [],
    writes: [`${run}/edge`, log],
    families: internet,
  };
}

/** Every file that the programs read on the gateway, by path. */
export function installed(settings: Settings, places: Places): ReadonlyMap<string, string> {
  const fetches = fetchesOf(settings, places);
  return new Map([
    ...nginxFiles(settings, places),
    ...tunnelFiles(settings, places),
    ...(fetches.length > 0
      ? [[`${places.lib}/upkeep`, fill('upkeep', { ...places, fetches: fetches.join('\n') })] as const]
      : []),
    ...(settings.traces === undefined
      ? []
      : [[`${places.lib}/spans`, fill('spans', { ...places, receiver: settings.traces })] as const]),
  ]);
}

function fetchesOf(settings: Settings, places: Places): string[] {
  const audience = audienceOf(settings);
  const secret = (key: KeySource | undefined, name: string, group: string) =>
    key && 'secret' in key
      ? [`  secret ${versioned(key.secret)} ${keyFile(key, name, places)} ${group}`]
      : [];
  return [
    ...secret(settings.key, 'edge.key', settings.user),
    ...secret(settings.tunnel?.key, 'wireguard.key', 'root'),
    ...(audience
      ? [
          `  get -H 'Metadata-Flavor: Google' "$metadata/identity?audience=${audience}" >${places.run}/token.new && keep ${places.run}/token ${settings.user}`,
        ]
      : []),
    ...(settings.offline_hours > 0
      ? [`  find ${places.cache}-answers -type f -mmin +${settings.offline_hours * 60} -delete`]
      : []),
  ];
}
function versioned(secret: string): string {
  return secret.includes('/versions/') ? secret : `${secret}/versions/latest`;
}
