import { execFile } from 'node:child_process';
import { glob, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { command, file, needing } from './support/needs.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const read = (name: string) => readFile(`${root}${name}`, 'utf8');

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

async function locked(): Promise<[path: string, Locked][]> {
  const { packages } = JSON.parse(await read('package-lock.json')) as { packages: Record<string, Locked> };
  const { '': _self, ...others } = packages;
  return Object.entries(others);
}

test('no locked package wants to run a script when it is installed', async (t) => {
  const packages = await locked();
  t.true(packages.length > 100);
  t.deepEqual(
    packages.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path),
    [],
  );
});

test('the lock file names each package by its checksum, and no place to get it from', async (t) => {
  const packages = await locked();
  t.deepEqual(
    packages.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path),
    [],
  );
  t.deepEqual(
    packages.filter(([, { integrity }]) => !integrity?.startsWith('sha512-')).map(([path]) => path),
    [],
  );
});

test('every build for another platform is locked as well: without one of them npm ci refuses the lock file', async (t) => {
  const packages = await locked();
  const paths = new Set(packages.map(([path]) => path));
  const missing = packages.flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !paths.has(`node_modules/${name}`) && !paths.has(`${path}/node_modules/${name}`),
    ),
  );
  t.deepEqual(missing, []);
});

test('every dependency is pinned to one version', async (t) => {
  const about = JSON.parse(await read('package.json')) as Record<string, Record<string, string> | undefined>;
  const all = { ...about.dependencies, ...about.optionalDependencies, ...about.devDependencies };
  const loose = Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version));
  t.true('koa' in all);
  t.deepEqual(loose, []);
});

test('npm runs no install scripts here, and .npmrc names neither a registry nor a secret', async (t) => {
  const lines = (await read('.npmrc')).split('\n').map((line) => line.replaceAll(' ', ''));
  t.true(lines.includes('ignore-scripts=true'));
  t.true(lines.includes('omit-lockfile-registry-resolved=true'));
  t.deepEqual(
    lines.filter((line) => /registry=|\/\/|_auth|_password|token/i.test(line)),
    [],
  );
});

/** What is true of one machine only: its home folders, and where it gets packages from. */
const local = /(?<![\w.$}-])\/(home|Users|work)\/\w|\bregistry\.(npmjs|yarnpkg)\b/;

needing(command('git'), file(`${root}.git`))(
  'no file names a place on one machine or a package registry',
  async (t) => {
    const list = ['ls-files', '--cached', '--others', '--exclude-standard', '-z'];
    const { stdout } = await promisify(execFile)('git', list, { cwd: root, maxBuffer: 64 << 20 });
    const names = stdout.split('\0').filter(Boolean);
    t.true(names.includes('package.json'));
    for (const name of names) {
      if (name === 'test/project.test.ts') continue;
      const text = await read(name).catch(() => ''); // deleted, but still in the index
      for (const [n, line] of text.split('\n').entries())
        if (local.test(line)) t.fail(`${name}:${n + 1}: ${line.trim()}`);
    }
  },
);

test('files of src/ are short: none but the table of settings has 250 lines, half of them have at most 60', async (t) => {
  const all = await Array.fromAsync(glob('src/**/*.ts', { cwd: root }));
  const files = all.filter((name) => name !== 'src/config/settings.ts');
  const counted = await Promise.all(
    files.map(async (name) => ({ name, lines: (await read(name)).split('\n').length - 1 })),
  );
  counted.sort((a, b) => b.lines - a.lines);
  const long = counted.filter(({ lines }) => lines >= 250).map(({ name, lines }) => `${name}: ${lines}`);
  t.deepEqual(long, [], 'split them: one thing a file');
  const middle = counted[Math.floor(counted.length / 2)];
  t.true(middle !== undefined && middle.lines <= 60, `the median is ${middle?.lines} lines`);
});

test('no folder of src/ holds more than 40 files directly', async (t) => {
  const all = await Array.fromAsync(glob('src/**/*.ts', { cwd: root }));
  const folders = Map.groupBy(all, (name) => dirname(name));
  const crowded = [...folders].filter(([, files]) => files.length > 40).map(([folder]) => folder);
  t.deepEqual(crowded, [], 'sort them into folders, by what they are about');
});
