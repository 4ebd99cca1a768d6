import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { parseDockerfile, parseDockerignore, type Stage } from './dockerfile.ts';

/** A stage as a folder that looks like the root of its file system. */
export interface Laid {
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  readonly workdir: string;
  readonly user: string;
  readonly command: readonly string[];
  /** Where alone it may write, as with `docker run --read-only`; undefined: wherever its user may. */
  readonly readOnlyBut?: readonly string[];
}

/** The users of Docker Hub's node images. */
const users: Readonly<Record<string, number>> = { root: 0, node: 1000 };

/** The files of this machine, as the base image's own. Its node is the one that runs this. */
const shared = ['/usr/bin', '/usr/sbin', '/usr/lib', '/usr/lib64', '/usr/share', '/usr/etc', '/dev', '/proc'];
const etc = ['resolv.conf', 'hosts', 'nsswitch.conf', 'ssl', 'ca-certificates', 'ld.so.cache', 'localtime'];

/**
 * Does what the Dockerfile says without a Docker engine: each stage becomes a folder, and what it runs really runs, with
 * that folder for its root. Needs root, and takes no network but what the lines themselves take. Resolves to the last stage.
 */
export async function layOut(context: string, target: string): Promise<Laid> {
  const stages = parseDockerfile(readFileSync(join(context, 'Dockerfile'), 'utf8'));
  const allowed = parseDockerignore(readFileSync(join(context, '.dockerignore'), 'utf8'));
  const roots = new Map<string, string>();
  let laid: Laid | undefined;
  for (const [n, stage] of stages.entries()) {
    const root = join(target, String(n));
    if (stage.name) roots.set(stage.name, root);
    laid = await layOutStage(stage, root, (from, source) => {
      if (from === undefined && !allowed.includes(source.split('/')[0] ?? ''))
        throw new Error(`.dockerignore keeps ${source} out of the build`);
      const base = from === undefined ? context : roots.get(from);
      if (!base) throw new Error(`there is no stage ${from}`);
      return join(base, source);
    });
  }
  if (!laid) throw new Error('the Dockerfile has no stage');
  return laid;
}

async function layOutStage(
  { steps, command = [] }: Stage,
  root: string,
  find: (from: string | undefined, source: string) => string,
): Promise<Laid> {
  makeRoot(root);
  const env: Record<string, string> = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  };
  let workdir = '/';
  let user = 'root';
  for (const step of steps) {
    switch (step.kind) {
      case 'workdir':
        workdir = step.path;
        mkdirSync(join(root, workdir), { recursive: true });
        break;
      case 'env':
        Object.assign(env, step.values);
        break;
      case 'user':
        user = step.name;
        break;
      case 'copy':
        for (const source of step.sources)
          copy(find(step.from, source), inside(root, workdir, step.target), step.target.endsWith('/'));
        break;
      case 'run': {
        const npm = /\bnpm\b/.test(step.line) ? npmSettings() : { env: {}, binds: [] };
        const now = { root, env: { ...env, ...npm.env }, workdir, user, command: ['sh', '-c', step.line] };
        const child = start(now, { stdio: ['ignore', 'ignore', 'inherit'] }, npm.binds);
        const [code] = await once(child, 'exit');
        if (code !== 0) throw new Error(`RUN ${step.line} ended with ${code}`);
      }
    }
  }
  return { root, env, workdir, user, command };
}

/** Starts a stage's command, or another, as its user; the child is that very process. */
export function start(
  { root, env, workdir, user, command, readOnlyBut }: Laid,
  options: SpawnOptions,
  binds: readonly (readonly [from: string, to: string])[] = [],
): ChildProcess {
  const uid = users[user];
  if (uid === undefined) throw new Error(`the base image has no user ${user}`);
  const here = [
    ...shared.map((path) => [path, path] as const),
    ...etc.map((name) => [`/etc/${name}`, `/etc/${name}`] as const),
    [dirname(process.execPath), '/usr/local/bin'] as const,
    ...binds,
  ].filter(([from]) => existsSync(from));
  for (const [from, to] of here) makeMountPoint(from, join(root, to));
  const mounts = here.map(([from, to]) => `mount --rbind '${from}' '${root}${to}'`);
  const readOnly = readOnlyBut?.map((path) => `mount --bind '${root}${path}' '${root}${path}'`) ?? [];
  if (readOnlyBut) {
    mounts.unshift(`mount --bind '${root}' '${root}'`);
    readOnly.push(`mount -o remount,bind,ro '${root}'`);
  }
  const script = `set -e; ${[...mounts, ...readOnly].join('; ')}; exec chroot --userspec=${uid}:${uid} '${root}' "$@"`;
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const inChroot = ['/usr/bin/env', '-i', `--chdir=${workdir}`, ...variables, ...command];
  const args = ['--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', ...inChroot];
  return spawn('unshare', args, options);
}

function makeRoot(root: string): void {
  for (const path of ['etc', 'usr/local', 'root', 'run', 'var'])
    mkdirSync(join(root, path), { recursive: true });
  execFileSync('install', ['-d', '-m', '1777', join(root, 'tmp')]);
  for (const name of ['bin', 'sbin', 'lib', 'lib64'])
    if (existsSync(`/usr/${name}`)) symlinkSync(`usr/${name}`, join(root, name));
  const lines = Object.entries(users);
  const passwd = lines.map(([name, id]) => `${name}:x:${id}:${id}::/tmp:/bin/sh\n`);
  writeFileSync(join(root, 'etc/passwd'), passwd.join(''));
  writeFileSync(join(root, 'etc/group'), lines.map(([name, id]) => `${name}:x:${id}:\n`).join(''));
}

function makeMountPoint(from: string, to: string): void {
  if (existsSync(to)) return;
  if (statSync(from).isDirectory()) mkdirSync(to, { recursive: true });
  else {
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, '');
  }
}

/** How npm gets its packages on this machine: its settings, and what it has already. */
function npmSettings() {
  const config = (name: string) =>
    execFileSync('npm', ['config', 'get', name], { cwd: '/', stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim();
  const names = ['userconfig', 'globalconfig', 'cache'];
  const { NODE_EXTRA_CA_CERTS } = process.env;
  return {
    env: {
      HOME: '/tmp',
      npm_config_prefer_offline: 'true',
      ...Object.fromEntries(names.map((name) => [`npm_config_${name}`, `/run/npm/${name}`])),
      ...(NODE_EXTRA_CA_CERTS && { NODE_EXTRA_CA_CERTS }),
    },
    binds: names.map((name) => [config(name), `/run/npm/${name}`] as const),
  };
}

/** As COPY does: of a folder its content; everything belongs to root. */
function copy(from: string, to: string, intoFolder: boolean): void {
  const isFolder = statSync(from).isDirectory();
  const target = intoFolder && !isFolder ? join(to, basename(from)) : to;
  mkdirSync(isFolder ? target : dirname(target), { recursive: true });
  execFileSync('cp', ['-R', '--preserve=mode,links', isFolder ? `${from}/.` : from, target]);
}

function inside(root: string, workdir: string, path: string): string {
  return join(root, isAbsolute(path) ? path : join(workdir, path));
}
