import { spawn } from 'node:child_process';
import { parse } from 'yaml';

/** How far a program is confined: what its systemd unit, or its container, says of it. */
export interface Confinement {
  readonly command: string;
  readonly user?: string;
  readonly group?: string;
  /** Linux capabilities without CAP_. */
  readonly bounding: readonly string[];
  readonly ambient: readonly string[];
  /** Where alone it may write. */
  readonly writes: readonly string[];
}

/** What a rendered unit says. */
export function byUnit(text: string): Confinement {
  const words = (key: string) =>
    (new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1] ?? '').split(' ').filter(Boolean);
  const capabilities = (key: string) => words(key).map((name) => name.replace(/^CAP_/, ''));
  return {
    command: words('ExecStart').join(' '),
    user: words('User')[0] ?? '',
    group: words('Group')[0] ?? '',
    bounding: capabilities('CapabilityBoundingSet'),
    ambient: capabilities('AmbientCapabilities'),
    writes: words('ReadWritePaths'),
  };
}

/** What a rendered compose.yaml says of a service. Its image is this machine. */
export function byCompose(text: string, name: string): Confinement {
  const { command, cap_add, volumes, read_only, cap_drop, security_opt } = parse(text).services[name];
  if (!read_only || `${cap_drop}` !== 'ALL' || `${security_opt}` !== 'no-new-privileges')
    throw new Error(`the container of ${name} is open`);
  return {
    command,
    bounding: cap_add,
    ambient: [],
    writes: volumes
      .map((volume: string) => volume.split(':'))
      .flatMap(([from, , mode]: string[]) => (mode === 'ro' ? [] : [from])),
  };
}

/** The words with which this machine's own tools run a command so: everything is read-only to it but where it may write. */
export function confined(
  { command, user, group, bounding, ambient, writes }: Confinement,
  instead = command,
): readonly string[] {
  const set = (names: readonly string[]) =>
    ['-all', ...names.map((name) => `+${name.toLowerCase()}`)].join(',');
  const flags = [
    ...(user && group ? [`--reuid=${user}`, `--regid=${group}`, '--clear-groups'] : []),
    `--inh-caps=${set(ambient)}`,
    `--ambient-caps=${set(ambient)}`,
    `--bounding-set=${set(bounding)}`,
    '--no-new-privs',
  ];
  const script = [
    ...writes.map((path) => `mount --bind ${path} ${path}`),
    'mount -o remount,bind,ro /',
    `exec setpriv ${flags.join(' ')} ${instead}`,
  ].join(' && ');
  return ['unshare', '--mount', '--propagation=private', '/bin/sh', '-c', script];
}

/** Runs it to its end; resolves to its exit code and what it complained of. */
export function runConfined(
  confinement: Confinement,
  instead: string,
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number | null; stderr: string }> {
  const [program = '', ...args] = confined(confinement, instead);
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ code, stderr }));
  });
}
