import { audienceOf, nginxFiles } from './nginx.ts';
import { keyFile, type Places } from './places.ts';
import type { KeySource, Settings } from './settings.ts';
import { fill } from './template.ts';
import { tunnelFiles } from './tunnel.ts';

/** A program of the gateway that runs for good, whatever starts it. */
export interface Service {
  readonly name: string;
  readonly about: string;
  readonly command: string;
  readonly reload?: string;
  /** Linux capabilities that it keeps in a container. */
  readonly capabilities: readonly string[];
}

/** The gateway's programs. */
export function services(settings: Settings, places: Places): readonly Service[] {
  const { etc, lib } = places;
  const fetches = fetchesOf(settings, places).length > 0;
  return [
    ...(fetches
      ? [
          {
            name: 'upkeep',
            about: 'identity token, keys and what is remembered, kept fresh',
            command: `/bin/sh ${lib}/upkeep run`,
            capabilities: ['CHOWN', 'DAC_OVERRIDE'],
          },
        ]
      : []),
    ...(settings.tunnel
      ? [
          {
            name: 'tunnel',
            about: 'firewall and WireGuard',
            command: `/bin/sh ${lib}/tunnel run`,
            reload: `/bin/sh ${lib}/tunnel sync`,
            capabilities: ['NET_ADMIN'],
          },
          {
            name: 'names',
            about: 'boot.internal and storage.googleapis.com inside the tunnel',
            command: `/usr/sbin/dnsmasq --keep-in-foreground --conf-file=${etc}/dnsmasq.conf`,
            capabilities: ['NET_BIND_SERVICE', 'NET_ADMIN', 'NET_RAW', 'SETUID', 'SETGID', 'CHOWN'],
          },
        ]
      : []),
    {
      name: 'edge',
      about: 'nginx that vouches for machines and follows handoffs',
      command: `/usr/sbin/nginx -c ${etc}/nginx.conf -g 'daemon off;'`,
      // Transfers that run end in the old workers.
      reload: `/usr/sbin/nginx -c ${etc}/nginx.conf -s reload`,
      capabilities: ['NET_BIND_SERVICE', 'SETUID', 'SETGID', 'CHOWN', 'DAC_OVERRIDE'],
    },
  ];
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
