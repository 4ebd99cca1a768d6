import { stringify } from 'yaml';
import { composed, containerUnit } from './containers.ts';
import { folders } from './folders.ts';
import { packages } from './packages.ts';
import { type Places, placesUnder } from './places.ts';
import { installed, type Service, services } from './services.ts';
import type { Settings } from './settings.ts';
import { fill } from './template.ts';
import { siteFiles } from './tunnel.ts';
import { unit } from './units.ts';

/** Everything that `gateway/render` writes, by path under its folder. */
export function rendered(settings: Settings): ReadonlyMap<string, string> {
  const places = placesUnder();
  const running = services(settings, places);
  const own = installed(settings, places);
  return new Map([
    ...[...own].map(([path, text]) => [`files${path}`, text] as const),
    ['user-data.debian', debian(settings, places, running, own)],
    ['user-data.container-optimized', containerOptimized(settings, places, running, own)],
    ['compose.yaml', stringify(composed(settings, places, running))],
    ['Dockerfile', fill('Dockerfile', { packages: packages.join(' ') })],
    ...[...siteFiles(settings)].map(([path, text]) => [`sites/${path}`, text] as const),
  ]);
}

/** Programs of Debian, started by systemd. */
function debian(
  settings: Settings,
  places: Places,
  running: readonly Service[],
  own: ReadonlyMap<string, string>,
): string {
  const { user } = settings;
  return cloudConfig({
    packages: [...packages, 'logrotate'],
    write_files: [
      ...[...own, ...running.map(unit)].map(written),
      written(['/etc/tmpfiles.d/bootbroker.conf', tmpfiles(user, places)]),
      written(['/etc/logrotate.d/bootbroker', fill('logrotate', { ...places, user })]),
      // A log that grows too fast is rotated within the hour, not the day.
      written(['/etc/systemd/system/logrotate.timer.d/bootbroker.conf', fill('logrotate-timer')]),
    ],
    runcmd: [
      // Debian starts its own of each.
      ['systemctl', 'disable', '--now', 'nginx.service'],
      ['systemd-tmpfiles', '--create', '/etc/tmpfiles.d/bootbroker.conf'],
      ['systemctl', 'daemon-reload'],
      ['systemctl', 'restart', 'logrotate.timer'],
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
): string {
  const units = running.map((each) => containerUnit(settings, places, each));
  // Container-Optimized OS has no such user; in the image it has Debian's number.
  const number = settings.user === 'www-data' ? '33' : settings.user;
  return cloudConfig({
    // Programs there can write to /etc, /run and /var alone.
    write_files: [
      ...[...own, ...units, ['/etc/tmpfiles.d/bootbroker.conf', tmpfiles(number, places)] as const].map(
        written,
      ),
    ],
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

function tmpfiles(user: string, places: Places): string {
  const made = folders({ user }, places).map((folder) => ({ ...folder }));
  return fill('tmpfiles', { log: places.log, user, folders: made });
}

function written([path, content]: readonly [string, string]) {
  return { path, permissions: content.startsWith('#!') ? '0755' : '0644', content };
}

function cloudConfig(config: object): string {
  return `#cloud-config\n# Rendered by gateway/render. No key is in here.\n${stringify(config, { lineWidth: 0 })}`;
}
