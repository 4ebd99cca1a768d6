import { dirname } from 'node:path';
import { stringify } from 'yaml';
import { packages } from './packages.ts';
import { type Places, placesUnder } from './places.ts';
import { installed, type Service, services } from './services.ts';
import type { Settings } from './settings.ts';
import { fill } from './template.ts';
import { siteFiles } from './tunnel.ts';

/** Everything that `gateway/render` writes, by path under its folder. */
export function rendered(settings: Settings): ReadonlyMap<string, string> {
  const places = placesUnder();
  const running = services(settings, places);
  const own = installed(settings, places);
  // Container-Optimized OS has no such user; in the image it has Debian's number.
  const tmpfiles = (user: string) => fill('tmpfiles', { ...places, user });
  const number = settings.user === 'www-data' ? '33' : settings.user;
  return new Map([
    ...[...own].map(([path, text]) => [`files${path}`, text] as const),
    ['user-data.debian', debian(settings, places, running, own, tmpfiles(settings.user))],
    ['user-data.container-optimized', containerOptimized(settings, places, running, own, tmpfiles(number))],
    ['compose.yaml', compose(settings, places, running)],
    ['Dockerfile', fill('Dockerfile', { packages: packages.join(' ') })],
    ...[...siteFiles(settings)].map(([path, text]) => [`sites/${path}`, text] as const),
  ]);
}

/** Programs of Debian, started by systemd. */
function debian(
  { user }: Settings,
  places: Places,
  running: readonly Service[],
  own: ReadonlyMap<string, string>,
  tmpfiles: string,
): string {
  const units = running.map(({ name, about, command, reload }) =>
    unit(name, about, command, reload ? `ExecReload=${reload}` : ''),
  );
  return cloudConfig({
    packages: [...packages, 'logrotate'],
    write_files: [
      ...[...own, ...units].map(written),
      written(['/etc/tmpfiles.d/bootbroker.conf', tmpfiles]),
      written(['/etc/logrotate.d/bootbroker', fill('logrotate', { ...places })]),
    ],
    runcmd: [
      // Debian starts its own of each.
      ['systemctl', 'disable', '--now', 'nginx.service'],
      ['systemd-tmpfiles', '--create', '/etc/tmpfiles.d/bootbroker.conf'],
      ['systemctl', 'daemon-reload'],
      ['systemctl', 'enable', '--now', ...running.map(({ name }) => `bootbroker-${name}.service`)],
    ],
    ...(user === 'www-data' ? {} : { users: ['default', { name: user, system: true }] }),
  });
}

/** The same programs in containers that share the machine's network. */
function containerOptimized(
  settings: Settings,
  places: Places,
  running: readonly Service[],
  own: ReadonlyMap<string, string>,
  tmpfiles: string,
): string {
  const units = running.map(({ name, about, command, reload, capabilities }) => {
    const container = `bootbroker-${name}`;
    const flags = [
      ...[
        'run',
        '--rm',
        '--name',
        container,
        '--network',
        'host',
        '--cap-drop',
        'ALL',
        '--log-opt',
        'max-size=50m',
      ],
      ...capabilities.flatMap((capability) => ['--cap-add', capability]),
      ...mounts(settings, places).flatMap((mount) => ['--volume', mount]),
    ];
    const run = `/usr/bin/docker ${flags.join(' ')} ${settings.image} ${command}`;
    const before = `ExecStartPre=-/usr/bin/docker rm --force ${container}`;
    const reloading = reload ? [`ExecReload=/usr/bin/docker exec ${container} ${reload}`] : [];
    return unit(name, about, run, [before, ...reloading].join('\n'));
  });
  return cloudConfig({
    // Programs there can write to /etc, /run and /var alone.
    write_files: [...own, ...units, ['/etc/tmpfiles.d/bootbroker.conf', tmpfiles] as const].map(written),
    runcmd: [
      ['systemd-tmpfiles', '--create', '/etc/tmpfiles.d/bootbroker.conf'],
      // Its own firewall drops what is forwarded; ours is in nftables.conf, and both are asked.
      ['iptables', '-w', '-I', 'INPUT', '-j', 'ACCEPT'],
      ['iptables', '-w', '-I', 'FORWARD', '-j', 'ACCEPT'],
      ['modprobe', 'wireguard'],
      ['docker-credential-gcr', 'configure-docker'],
      ['systemctl', 'daemon-reload'],
      ['systemctl', 'start', ...running.map(({ name }) => `bootbroker-${name}.service`)],
    ],
  });
}

function compose(settings: Settings, places: Places, running: readonly Service[]): string {
  const service = ({ command, capabilities }: Service) => ({
    image: settings.image,
    build: '.',
    command,
    network_mode: 'host',
    cap_drop: ['ALL'],
    cap_add: capabilities,
    restart: 'unless-stopped',
    volumes: [`./files${places.etc}:${places.etc}:ro`, ...mounts(settings, places).slice(1)],
    logging: { driver: 'json-file', options: { 'max-size': '50m', 'max-file': '3' } },
  });
  return stringify({ services: Object.fromEntries(running.map((each) => [each.name, service(each)])) });
}

/** A folder, not a file: a file that is replaced would stay the old one in there. */
function mounts({ key, tunnel, neighbours }: Settings, { etc, run, log, cache }: Places): string[] {
  const named = [key, tunnel?.key].flatMap((source) => (source && 'file' in source ? [source.file] : []));
  const read = [...named, ...(neighbours?.startsWith('/proc/') === false ? [neighbours] : [])].map(dirname);
  return [
    ...new Set([etc, ...read].map((place) => `${place}:${place}:ro`)),
    ...[run, log, cache, `${cache}-answers`].map((place) => `${place}:${place}`),
  ];
}

function unit(name: string, about: string, command: string, reload: string): readonly [string, string] {
  return [`/etc/systemd/system/bootbroker-${name}.service`, fill('service', { about, command, reload })];
}

function written([path, content]: readonly [string, string]) {
  return { path, permissions: content.startsWith('#!') ? '0755' : '0644', content };
}

function cloudConfig(config: object): string {
  return `#cloud-config\n# Rendered by gateway/render. No key is in here.\n${stringify(config, { lineWidth: 0 })}`;
}
