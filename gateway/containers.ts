import { dirname } from 'node:path';
import { folders } from './folders.ts';
import type { Places } from './places.ts';
import type { Service } from './services.ts';
import type { Settings } from './settings.ts';
import { fill, when } from './template.ts';
import { unitPath } from './units.ts';

/** What Docker writes on its own disk of one container's output. */
const logSize = '50m';

/** The command of a program in its container: it starts as root there, and is its own user before the program begins. */
function commandOf({ command, user, group, capabilities }: Service): string {
  if (user === 'root') return command;
  const only = ['-all', ...capabilities.map((each) => `+${each.toLowerCase()}`)].join(',');
  const flags = [`--reuid=${user}`, `--regid=${group}`, '--clear-groups'];
  const kept = ['inh-caps', 'ambient-caps', 'bounding-set'].map((set) => `--${set}=${only}`);
  return ['/usr/bin/setpriv', ...flags, ...kept, command].join(' ');
}

/** To become another user takes capabilities, too; setpriv gives them up. */
function capabilitiesOf({ user, capabilities }: Service): readonly string[] {
  return user === 'root' ? capabilities : [...capabilities, 'SETUID', 'SETGID', 'SETPCAP'];
}

/** The systemd unit of a program's container, for Container-Optimized OS; its path and its text. */
export function containerUnit(
  settings: Settings,
  places: Places,
  service: Service,
): readonly [string, string] {
  const { name, about, reload, user } = service;
  const container = `bootbroker-${name}`;
  const flags = [
    ...['run', '--rm', '--name', container, '--network', 'host', '--log-opt', `max-size=${logSize}`],
    ...['--read-only', '--tmpfs', '/tmp', '--security-opt', 'no-new-privileges', '--cap-drop', 'ALL'],
    ...capabilitiesOf(service).flatMap((capability) => ['--cap-add', capability]),
    ...mounts(settings, places, service).flatMap((mount) => ['--volume', mount]),
  ];
  const command = `/usr/bin/docker ${flags.join(' ')} ${settings.image} ${commandOf(service)}`;
  // Root in the container could not signal another user's process: it has no CAP_KILL.
  const as = user === 'root' ? '' : `--user ${user} `;
  const inside = reload && `/usr/bin/docker exec ${as}${container} ${reload}`;
  const reloading = when(inside !== undefined && { reload: inside });
  return [unitPath(name), fill('container-service', { about, container, command, reloading })];
}

/** The same for docker compose. */
export function composed(settings: Settings, places: Places, running: readonly Service[]) {
  const build = { image: settings.image, build: '.' };
  const confined = {
    read_only: true,
    tmpfs: ['/tmp'],
    security_opt: ['no-new-privileges'],
    cap_drop: ['ALL'],
  };
  const service = (each: Service) => ({
    ...build,
    command: commandOf(each),
    depends_on: { folders: { condition: 'service_completed_successfully' } },
    network_mode: 'host',
    ...confined,
    cap_add: capabilitiesOf(each),
    restart: 'unless-stopped',
    volumes: [`./files${places.etc}:${places.etc}:ro`, ...mounts(settings, places, each).slice(1)],
    logging: { driver: 'json-file', options: { 'max-size': logSize, 'max-file': '3' } },
  });
  return {
    services: {
      folders: {
        ...build,
        command: ['/bin/sh', '-euc', makeFolders(settings, places)],
        network_mode: 'none',
        ...confined,
        cap_add: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER'],
        volumes: [...new Set(folders(settings, places).map(({ path }) => dirname(path)))]
          .filter((path) => path !== places.run)
          .map((path) => `${path}:${path}`),
      },
      ...Object.fromEntries(running.map((each) => [each.name, service(each)])),
    },
  };
}

/** Before the programs start: the folders that they write to, which systemd-tmpfiles makes elsewhere. */
function makeFolders(settings: Settings, places: Places): string {
  return folders(settings, places)
    .map(({ path, mode, owner, group }) => `install -d -m ${mode} -o ${owner} -g ${group} ${path}`)
    .join('\n');
}

/** A folder, not a file: a file that is replaced would stay the old one in there. */
function mounts({ key, tunnel, neighbours }: Settings, { etc, run }: Places, { writes }: Service): string[] {
  const named = [key, tunnel?.key].flatMap((source) => (source && 'file' in source ? [source.file] : []));
  const read = [...named, ...(neighbours?.startsWith('/proc/') === false ? [neighbours] : [])].map(dirname);
  return [
    ...new Set([etc, ...read].map((place) => `${place}:${place}:ro`)),
    ...(writes.includes(run) ? [] : [`${run}:${run}:ro`]),
    ...writes.map((place) => `${place}:${place}`),
  ];
}
