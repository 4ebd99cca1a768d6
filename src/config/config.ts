import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Otlp, otlpOf } from './otlp.ts';
import { fromFile, type Setting } from './setting.ts';
import { settings } from './settings.ts';

export type Config = { readonly [Key in keyof typeof settings]: Values[Key] } & {
  /** `host:port` of Google's Firestore emulator: FIRESTORE_EMULATOR_HOST, as Google's own clients read it. */
  readonly firestoreEmulator: string | undefined;
  /** Whether all that comes comes from Cloud Run's own front (K_SERVICE, Cloud Run container contract). */
  readonly onCloudRun: boolean;
  /** Texts that open something: they are never logged. */
  readonly secrets: readonly string[];
  /** What is told by OTLP, as OpenTelemetry's own settings have it; undefined: nothing. */
  readonly otlp: Otlp | undefined;
  /** Which files the secrets of these settings were read from, or will be. */
  readonly secretFiles: readonly string[];
};
type Values = {
  [Key in keyof typeof settings]: (typeof settings)[Key]['default'] extends string
    ? ReturnType<(typeof settings)[Key]['parse']>
    : ReturnType<(typeof settings)[Key]['parse']> | undefined;
};

/** Where programs keep what they need again but nobody else does (XDG Base Directory Specification, XDG_STATE_HOME). */
export function stateHome(env: Environment = process.env): string {
  return env.XDG_STATE_HOME || join(homedir(), '.local', 'state');
}

type Environment = Readonly<Record<string, string | undefined>>;

export type ConfigResult = { readonly config: Config } | { readonly mistakes: readonly string[] };

export function flagOf(name: string): string {
  return `--${name.replace('BROKER_', '').toLowerCase().replaceAll('_', '-')}`;
}

/** Reads the settings from flags (by environment name) and the environment, and names all mistakes together. */
export function readConfig(
  flags: Readonly<Record<string, string | undefined>> = {},
  env: Environment = process.env,
): ConfigResult {
  const mistakes: string[] = [];
  const config: Record<string, unknown> = {};
  for (const [key, one] of Object.entries(settings) as [string, Setting<unknown>][]) {
    try {
      const given = flags[one.name] ?? fromFile(one, env) ?? (env[one.name] || undefined);
      const value = given || one.default;
      config[key] = value === undefined ? undefined : one.parse(value);
    } catch (error) {
      mistakes.push(`${one.name} (or ${flagOf(one.name)}) ${error instanceof Error ? error.message : error}`);
    }
  }
  mistakes.push(...unknownNames(env));
  if (mistakes.length === 0) mistakes.push(...contradictions(config as Config, env));
  return mistakes.length > 0
    ? { mistakes }
    : { config: withSecretFiles(onPlatform(config as Config, env), flags, env) };
}

/** A misspelt setting that is silently ignored may open what it should close. */
function unknownNames(env: Environment): string[] {
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

function contradictions(config: Config, env: Environment): string[] {
  const found: string[] = [];
  if (config.roles.length === 0) found.push('BROKER_ROLES names no role: give it boot, admin or jobs');
  if (config.oidcAudience.length === 0 && config.oidcRoles.length > 0)
    found.push('BROKER_OIDC_AUDIENCE is needed where BROKER_OIDC_ROLES is set: whom are the tokens for?');
  if (config.oidcAudience.length > 0 && config.oidcRoles.length === 0)
    found.push('BROKER_OIDC_ROLES is needed where BROKER_OIDC_AUDIENCE is set: nobody would have a role');
  if (config.storage === 'gcs' && config.signer === 'hmac' && !config.hmacAccessId)
    found.push('BROKER_HMAC_ACCESS_ID and BROKER_HMAC_SECRET are needed where BROKER_SIGNER is hmac');
  if (config.signer === 'rsa' && !config.rsaKeyFile && !env.GOOGLE_APPLICATION_CREDENTIALS)
    found.push('BROKER_RSA_KEY_FILE is needed where BROKER_SIGNER is rsa');
  if (config.storage === 'local' && config.signer === 'iam')
    found.push(
      'BROKER_SIGNER cannot be iam for the embedded storage: leave it out, or set BROKER_STORAGE to gcs',
    );
  if (config.records === 'firestore' && !config.project)
    found.push('BROKER_PROJECT is needed where BROKER_RECORDS is firestore');
  if (config.records === 'firestore' && config.roles.includes('admin') && !config.adminToken)
    found.push(
      'BROKER_ADMIN_TOKEN is needed where BROKER_RECORDS is firestore: all instances must agree on it',
    );
  if (sendsWhereNobodyListens(config))
    found.push(
      `BROKER_STORAGE_LISTEN must answer by IPv6 too where BROKER_LISTEN does, for that is where redirects lead: set it to [::]:${config.storageListen.port}, or set BROKER_STORAGE_PUBLIC_URL`,
    );
  if (!config.hmacAccessId !== !config.hmacSecret)
    found.push('BROKER_HMAC_ACCESS_ID and BROKER_HMAC_SECRET go together: set both or neither');
  const behindProxies = config.trustedProxies.length > 0;
  if (env.K_SERVICE && config.roles.includes('boot') && !behindProxies && !config.edgeKeys)
    found.push(
      'BROKER_EDGE_KEYS or BROKER_TRUSTED_PROXIES must be set on Cloud Run: there every peer is link-local, and nobody could be told from anybody',
    );
  if (behindProxies && config.edgeKeys)
    found.push(
      'BROKER_EDGE_KEYS and BROKER_TRUSTED_PROXIES exclude each other: the one believes a signature, the other an address',
    );
  if (!/^\d*$/.test(env.PORT ?? '') || Number(env.PORT) > 65_535) found.push('PORT must be a port number');
  return found;
}

/** Redirects name the address at which the client reached the broker: a storage on IPv4 alone does not answer at an IPv6 one. */
function sendsWhereNobodyListens({ roles, storage, listen, storageListen, storagePublicUrl }: Config) {
  return (
    roles.includes('boot') &&
    storage === 'local' &&
    storagePublicUrl === undefined &&
    listen.host.includes(':') &&
    storageListen.host === '0.0.0.0'
  );
}

/** `NAME_FILE` of secrets, `@FILE` of the edges' keys, the key file of who signs. */
function withSecretFiles(
  config: Config,
  flags: Readonly<Record<string, string | undefined>>,
  env: Environment,
): Config {
  const named = (Object.values(settings) as Setting<unknown>[]).flatMap((one) =>
    one.secret && !flags[one.name] ? env[`${one.name}_FILE`] || [] : [],
  );
  const edgeKeys = flags.BROKER_EDGE_KEYS ?? env.BROKER_EDGE_KEYS ?? '';
  const edgeFile = edgeKeys.startsWith('@') ? [edgeKeys.slice(1)] : [];
  return {
    ...config,
    secretFiles: [...named, ...edgeFile, ...(config.rsaKeyFile ? [config.rsaKeyFile] : [])],
  };
}

/** The secrets themselves; one that is read from Secret Manager is only named here. */
function secretTexts(config: Config): string[] {
  const entries = Object.entries(settings) as [keyof Config, Setting<unknown>][];
  return entries.flatMap(([key, { secret }]) => {
    const text = secret && config[key];
    return typeof text === 'string' && !text.startsWith('sm://') ? [text] : [];
  });
}

/** What the platform says by names of its own: PORT of the only plane (Cloud Run container contract), key file, emulator. */
function onPlatform(settled: Config, env: Environment): Config {
  const config: Config = {
    ...settled,
    rsaKeyFile: settled.rsaKeyFile ?? (env.GOOGLE_APPLICATION_CREDENTIALS || undefined),
    firestoreEmulator: env.FIRESTORE_EMULATOR_HOST || undefined,
    onCloudRun: Boolean(env.K_SERVICE),
    otlp: otlpOf(env),
    secrets: secretTexts(settled),
  };
  const planes = config.roles.filter((role) => role !== 'jobs');
  if (!env.PORT || planes.length !== 1) return config;
  const key = planes[0] === 'boot' ? 'listen' : 'adminListen';
  return { ...config, [key]: { ...config[key], port: Number(env.PORT) } };
}
