import { posix } from 'node:path';

/** What the rooms of http/ see of the rest; never a driver, never a job. */
const httpSees = ['boot', 'bounds', 'records/records.ts', 'records/cursor.ts', 'blobs/blobs.ts', 'telemetry'];

/** What a verb of the command line is made of; none of it knows a verb. */
const verbsUse = ['verb', 'broker', 'output', 'push', 'fetch', 'manifest', 'matchbox', 'apply'].map(
  (room) => `cli/${room}`,
);

/**
 * Which rooms (folders or files of src/) each room may import besides itself, none of which stands below it here. A folder
 * inside a room may be a room of its own: the longest name counts.
 */
export const mayImport: Readonly<Record<string, readonly string[]>> = {
  'folder.ts': [],
  'lru.ts': [],
  'byte-range.ts': [],
  'secrets.ts': ['folder.ts'],
  'secret-files.ts': [],
  boot: [],
  bounds: ['boot/network.ts', 'boot/source-group.ts'],
  sign: [],
  telemetry: ['lru.ts'],
  config: ['boot/network.ts', 'boot/source.ts'],
  records: ['boot', 'folder.ts', 'lru.ts'],
  blobs: ['sign', 'boot', 'lru.ts', 'byte-range.ts'],
  localgcs: ['sign', 'folder.ts', 'bounds', 'boot/network.ts', 'byte-range.ts'],
  jobs: ['boot', 'records/records.ts', 'blobs/blobs.ts', 'telemetry'],
  'http/plane': [...httpSees, 'byte-range.ts'],
  'http/server': [...httpSees, 'http/plane'],
  'http/boot': [...httpSees, 'http/plane', 'lru.ts', 'byte-range.ts'],
  'http/admin': [...httpSees, 'http/plane'],
  'http/openapi': ['boot', 'http/plane', 'http/boot', 'http/admin'],
  'cli/fields.ts': [],
  'cli/verb': ['boot'],
  'cli/broker': ['boot', 'cli/verb'],
  'cli/output': ['boot', 'cli/fields.ts', 'cli/verb', 'cli/broker'],
  'cli/push': ['boot', 'folder.ts', 'cli/verb', 'cli/broker', 'cli/output'],
  'cli/fetch': ['boot', 'folder.ts', 'cli/verb', 'cli/broker', 'cli/push'],
  'cli/manifest': ['boot', 'cli/fields.ts', 'cli/verb', 'cli/broker', 'cli/output', 'cli/push'],
  'cli/matchbox': ['boot', 'cli/fields.ts', 'cli/verb', 'cli/manifest'],
  'cli/apply': ['boot', 'cli/verb', 'cli/broker', 'cli/output', 'cli/push', 'cli/manifest'],
  'cli/verbs': ['boot', ...verbsUse],
  'cli/verbs.ts': ['cli/verb', 'cli/verbs'],
  'cli/report.ts': ['cli/verb', 'cli/output'],
  'cli/program.ts': ['cli/verb', 'cli/verbs.ts', 'cli/report.ts'],
  drivers: ['config', 'secrets.ts', 'boot', 'bounds', 'records', 'blobs', 'sign', 'localgcs', 'telemetry'],
  doctor: [
    'config',
    'secrets.ts',
    'secret-files.ts',
    'drivers',
    'boot',
    'records',
    'blobs',
    'sign',
    'localgcs',
    'telemetry',
  ],
  'doctor.ts': ['config', 'doctor', 'secret-files.ts', 'records', 'sign'],
  'parts.ts': [
    'config',
    'drivers',
    'folder.ts',
    'secrets.ts',
    'secret-files.ts',
    'boot',
    'records',
    'blobs',
    'sign',
    'localgcs',
    'telemetry',
  ],
  'storage-alone.ts': ['config', 'bounds', 'localgcs'],
  'open-listener.ts': ['config', 'parts.ts', 'boot', 'bounds', 'http'],
  'boot-plane.ts': ['config', 'parts.ts', 'bounds', 'http', 'open-listener.ts'],
  'admin-plane.ts': ['config', 'parts.ts', 'http', 'jobs', 'open-listener.ts'],
  'planes.ts': [
    'config',
    'parts.ts',
    'boot',
    'http',
    'jobs',
    'open-listener.ts',
    'boot-plane.ts',
    'admin-plane.ts',
  ],
  'main.ts': ['config', 'parts.ts', 'open-listener.ts', 'planes.ts', 'telemetry'],
  'cli.ts': [
    'config',
    'parts.ts',
    'http',
    'telemetry',
    'cli',
    'jobs',
    'main.ts',
    'doctor.ts',
    'storage-alone.ts',
  ],
};

/** Schemas take longer to load than a first answer may: all others know their types alone. */
const schemaLoaders = ['boot/schema', 'http/admin', 'http/openapi', 'localgcs'];

/** Packages that only these places name. */
const onlyIn: readonly { readonly name: RegExp; readonly places: readonly string[] }[] = [
  { name: /^koa$|^@koa\//, places: ['http', 'localgcs'] },
  { name: /^@google-cloud\/storage(\/|$)/, places: ['blobs/gcs.ts'] },
  { name: /^@google-cloud\/firestore(\/|$)/, places: ['records/firestore'] },
  { name: /^@opentelemetry\//, places: ['telemetry'] },
  { name: /^node:sqlite$/, places: ['records/sqlite', 'localgcs'] },
  { name: /^ipaddr\.js$/, places: ['boot/network.ts'] },
  { name: /^zod$/, places: schemaLoaders },
];

/** The outside world, which policy does not see: the facts and the time are handed to it. */
const outsideWorld = {
  modules:
    /^node:(fs|net|http|https|http2|tls|dns|dgram|child_process|worker_threads|timers|perf_hooks|os|process)(\/|$)/,
  code: /\bDate\.now\b|\bnew Date\(\s*\)|\bnew Date\b(?!\s*\()|(?<!new )\bDate\(|\bperformance\.now\b|\bMath\.random\b|\brandomUUID|\bTemporal\.Now\b|\bfetch\(|\bset(Timeout|Interval)\(/,
};

/** The environment: `process.env`, however it is taken from `process`. */
const environment =
  /\bprocess\s*\??\.\s*env\b|\bprocess\s*\[|\{[^{}]*\benv\b[^{}]*\}\s*(=|from)\s*(process\b|['"](node:)?process['"])/;

/** What is wrong with the imports of one source file: a sentence each. `path` is relative to src/. */
export function trespasses(path: string, source: string): string[] {
  // A line that is a comment may name what it likes.
  const code = source.replaceAll(/^\s*(\/\/|\/?\*).*$/gm, '');
  const room = roomOf(path);
  const found = importsOf(code).flatMap((specifier) =>
    specifier.startsWith('.') ? trespassInto(path, room, specifier) : trespassOutside(path, room, specifier),
  );
  if (!schemaLoaders.some((place) => isWithin(path, place)))
    found.push(...loadedSchemas(code).map((one) => `${path} loads ${one}: say import type`));
  if (room !== 'config' && environment.test(code))
    found.push(`${path} reads process.env, which only config/ may: take the value as a parameter`);
  const outside = room === 'boot' ? outsideWorld.code.exec(code) : null;
  if (outside)
    found.push(
      `${path} says ${outside[0]}: boot/ has no clock, no chance and no network; take it as a parameter`,
    );
  return found;
}

/** The forms in which code names a module: static, type-only or re-exported; bare; dynamic; as the file of a worker. */
const importForms = [
  /\b(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/g,
  /\bimport\s*['"]([^'"]+)['"]/g,
  /\b(?:import|require|getBuiltinModule)\s*\(\s*['"`]([^'"`]+)['"`]/g,
  /\bnew URL\(\s*['"`]([^'"`]+)['"`]\s*,\s*import\.meta\.url/g,
];

/** Every module that the code names. */
export function importsOf(code: string): string[] {
  return importForms.flatMap((form) => [...code.matchAll(form)].map(([, specifier = '']) => specifier));
}

/** The schemas that are there when the code has run, and not only in its types. */
function loadedSchemas(code: string): string[] {
  const loaded = code.matchAll(
    /\b(?:import|export)\s+(?!type\b)[^'"`;]*?from\s*['"]([^'"]*\/schema\/[^'"]+)['"]/g,
  );
  return [...loaded].map(([, specifier = '']) => specifier);
}

/** The longest name in the table that the path lies in; else its first part. */
function roomOf(path: string): string {
  const rooms = Object.keys(mayImport).filter((room) => isWithin(path, room));
  return rooms.sort((a, b) => b.length - a.length)[0] ?? path.split('/')[0] ?? path;
}

function trespassInto(path: string, room: string, specifier: string): string[] {
  const target = posix.join(posix.dirname(path), specifier);
  if (target === '../package.json' || (isWithin(target, room) && roomOf(target) === room)) return [];
  if (target.startsWith('../')) return [`${path} imports ${specifier}, which is outside src/`];
  const allowed = mayImport[room];
  if (!allowed) return [`${path} is in no known room: enter ${room} in the table of test/rooms.ts`];
  if (allowed.some((place) => isWithin(target, place))) return [];
  return [`${path} imports ${target}, but ${room} may import ${allowed.join(', ') || 'nothing of ours'}`];
}

function trespassOutside(path: string, room: string, name: string): string[] {
  const found = onlyIn
    .filter((rule) => rule.name.test(name) && !rule.places.some((place) => isWithin(path, place)))
    .map(({ places }) => `${path} imports ${name}, which only ${places.join(' and ')} may`);
  if (room === 'boot' && outsideWorld.modules.test(name))
    found.push(`${path} imports ${name}: boot/ has no files, no network and no clock`);
  return found;
}

function isWithin(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`);
}
