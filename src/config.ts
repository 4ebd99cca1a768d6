import { homedir } from 'node:os';
import { join } from 'node:path';
import { localNetworks } from './boot/network.ts';
import {
  fromFile,
  integer,
  listen,
  listOf,
  named,
  network,
  oneOf,
  origin,
  type Setting,
  secret,
  setting,
  text,
} from './setting.ts';

const roles = ['boot', 'admin', 'jobs'] as const;

const secretText = named(/^[\x21-\x7e]{16,512}$/, '16 to 512 printable characters without spaces');
const assetName = named(
  /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,128}$/,
  'a name of letters, digits, dots, dashes and underscores',
);

/** Every setting, once. */
export const settings = {
  listen: setting('BROKER_LISTEN', '0.0.0.0:8080', 'Where machines ask: the boot plane.', listen),
  adminListen: setting(
    'BROKER_ADMIN_LISTEN',
    '127.0.0.1:8081',
    'Where administrators ask: the admin plane.',
    listen,
  ),
  storageListen: setting(
    'BROKER_STORAGE_LISTEN',
    '0.0.0.0:8082',
    'Where the embedded Cloud Storage listens (BROKER_STORAGE=local).',
    listen,
  ),
  roles: setting(
    'BROKER_ROLES',
    'boot,admin,jobs',
    'Which planes this process serves: boot, admin, jobs.',
    listOf(oneOf(...roles)),
  ),
  dataDir: setting(
    'BROKER_DATA_DIR',
    './data',
    'Folder of the embedded records, storage and generated secrets.',
    text,
  ),
  records: setting('BROKER_RECORDS', 'sqlite', 'Where records are kept: sqlite.', oneOf('sqlite')),
  storage: setting(
    'BROKER_STORAGE',
    'local',
    'Where assets are kept: local, the embedded Cloud Storage.',
    oneOf('local'),
  ),
  bucket: setting(
    'BROKER_BUCKET',
    'boot-assets',
    'Bucket of the assets.',
    named(
      /^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/,
      'a bucket name: 3 to 63 lower-case letters, digits, dots, dashes and underscores',
    ),
  ),
  signer: setting('BROKER_SIGNER', 'hmac', 'Who signs URLs: hmac, by an HMAC key.', oneOf('hmac')),
  publicUrl: setting(
    'BROKER_PUBLIC_URL',
    undefined,
    'Origin under which machines reach the boot plane; only shown, scripts use relative URLs.',
    origin,
  ),
  storagePublicUrl: setting(
    'BROKER_STORAGE_PUBLIC_URL',
    undefined,
    'Origin under which clients reach the embedded storage; unset: the address at which they reached the broker.',
    origin,
  ),
  allowedNetworks: setting(
    'BROKER_ALLOWED_NETWORKS',
    localNetworks,
    'Networks that may boot.',
    listOf(network),
  ),
  trustedProxies: setting(
    'BROKER_TRUSTED_PROXIES',
    '',
    'Networks of proxies whose X-Forwarded-For is believed.',
    listOf(network),
  ),
  adminHosts: setting(
    'BROKER_ADMIN_HOSTS',
    '',
    'Host names, besides localhost and plain addresses, under which the admin plane answers.',
    listOf(named(/^[a-z0-9.-]+$/, 'lower-case host names without port')),
  ),
  outage: setting(
    'BROKER_OUTAGE',
    'wait',
    'What a machine does when the broker stays away: wait, or boot from disk.',
    oneOf('wait', 'disk'),
  ),
  unknownMachine: setting(
    'BROKER_UNKNOWN_MACHINE',
    'refuse',
    'What unknown machines get: refuse (404), or exit (a script that boots from disk).',
    oneOf('refuse', 'exit'),
  ),
  firstStage: setting(
    'BROKER_FIRST_STAGE',
    'ipxe',
    'Name of the efi asset that firmware gets first.',
    assetName,
  ),
  urlTtlSeconds: setting(
    'BROKER_URL_TTL_SECONDS',
    '300',
    'Life of a signed URL that a client follows.',
    integer(10, 604_800),
  ),
  maxStreams: setting(
    'BROKER_MAX_STREAMS',
    '512',
    'Transfers that the broker itself streams at once.',
    integer(1, 100_000),
  ),
  maxStreamsPerSource: setting(
    'BROKER_MAX_STREAMS_PER_SOURCE',
    '256',
    'Of these, for one client address.',
    integer(1, 100_000),
  ),
  logLevel: setting(
    'BROKER_LOG_LEVEL',
    'info',
    'Least level that is logged.',
    oneOf('trace', 'debug', 'info', 'warn', 'error', 'silent'),
  ),
  adminToken: secret(
    'BROKER_ADMIN_TOKEN',
    'Bearer token of the admin plane; unset: made once, in admin-token in the data folder.',
    secretText,
  ),
  metricsToken: secret(
    'BROKER_METRICS_TOKEN',
    'Bearer token that /metrics asks for; unset: none.',
    secretText,
  ),
  hmacAccessId: setting(
    'BROKER_HMAC_ACCESS_ID',
    undefined,
    'Access id of the HMAC key; unset: one is made, for the embedded storage.',
    named(/^[A-Z0-9]{12,128}$/, 'an access id of capitals and digits, such as GOOG1E...'),
  ),
  hmacSecret: secret('BROKER_HMAC_SECRET', 'Secret of the HMAC key.', secretText),
  url: setting(
    'BROKER_URL',
    'http://127.0.0.1:8081',
    'Where the command line finds the admin plane.',
    origin,
  ),
} as const;

export type Config = { readonly [Key in keyof typeof settings]: Values[Key] };
type Values = {
  [Key in keyof typeof settings]: (typeof settings)[Key]['default'] extends string
    ? ReturnType<(typeof settings)[Key]['parse']>
    : ReturnType<(typeof settings)[Key]['parse']> | undefined;
};

/** Where programs keep what they need again but nobody else does (XDG Base Directory Specification, XDG_STATE_HOME). */
export function stateHome(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return env.XDG_STATE_HOME || join(homedir(), '.local', 'state');
}

export type ConfigResult = { readonly config: Config } | { readonly mistakes: readonly string[] };

export function flagOf(name: string): string {
  return `--${name.replace('BROKER_', '').toLowerCase().replaceAll('_', '-')}`;
}

/** Reads the settings from flags (by environment name) and the environment, and names all mistakes together. */
export function readConfig(
  flags: Readonly<Record<string, string | undefined>> = {},
  env: Readonly<Record<string, string | undefined>> = process.env,
): ConfigResult {
  const mistakes: string[] = [];
  const config: Record<string, unknown> = {};
  for (const [key, one] of Object.entries(settings) as [string, Setting<unknown>][]) {
    try {
      const given = flags[one.name] ?? (env[one.name] || fromFile(one, env));
      const value = given || one.default;
      config[key] = value === undefined ? undefined : one.parse(value);
    } catch (error) {
      mistakes.push(`${one.name} (or ${flagOf(one.name)}) ${error instanceof Error ? error.message : error}`);
    }
  }
  mistakes.push(...unknownNames(env));
  if (mistakes.length === 0) mistakes.push(...contradictions(config as Config, env));
  return mistakes.length > 0 ? { mistakes } : { config: withPlatformPort(config as Config, env.PORT) };
}

/** A misspelt setting that is silently ignored may open what it should close. */
function unknownNames(env: Readonly<Record<string, string | undefined>>): string[] {
  const known = new Set(
    (Object.values(settings) as Setting<unknown>[]).flatMap((one) => [
      one.name,
      ...(one.secret ? [`${one.name}_FILE`] : []),
    ]),
  );
  return Object.keys(env)
    .filter((name) => name.startsWith('BROKER_') && !name.startsWith('BROKER_TEST_') && !known.has(name))
    .map((name) => `${name} is no setting. See bootbroker config for all of them`);
}

function contradictions(config: Config, env: Readonly<Record<string, string | undefined>>): string[] {
  const found: string[] = [];
  if (config.roles.length === 0) found.push('BROKER_ROLES names no role: give it boot, admin or jobs');
  if (!config.hmacAccessId !== !config.hmacSecret)
    found.push('BROKER_HMAC_ACCESS_ID and BROKER_HMAC_SECRET go together: set both or neither');
  if (env.K_SERVICE && config.roles.includes('boot') && config.trustedProxies.length === 0)
    found.push(
      'BROKER_TRUSTED_PROXIES must be set on Cloud Run: there every peer is link-local, and nobody could be told from anybody',
    );
  if (!/^\d*$/.test(env.PORT ?? '') || Number(env.PORT) > 65_535) found.push('PORT must be a port number');
  return found;
}

/** Cloud Run says by PORT where it expects the only plane of the process (Cloud Run container contract). */
function withPlatformPort(config: Config, port: string | undefined): Config {
  const planes = config.roles.filter((role) => role !== 'jobs');
  if (!port || planes.length !== 1) return config;
  const key = planes[0] === 'boot' ? 'listen' : 'adminListen';
  return { ...config, [key]: { ...config[key], port: Number(port) } };
}
