import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { type Config, readConfig } from '../../src/config/config.ts';
import { settings } from '../../src/config/settings.ts';

function config(env: Record<string, string>, flags: Record<string, string> = {}): Config {
  const read = readConfig(flags, env);
  if ('mistakes' in read) throw new Error(read.mistakes.join('\n'));
  return read.config;
}

function mistakes(env: Record<string, string>): readonly string[] {
  const read = readConfig({}, env);
  return 'mistakes' in read ? read.mistakes : [];
}

test('without any setting there is a default for everything', (t) => {
  const {
    listen,
    adminListen,
    storageListen,
    roles,
    dataDir,
    bucket,
    allowedNetworks,
    adminToken,
    publicUrl,
  } = config({});
  t.deepEqual(listen, { host: '0.0.0.0', port: 8080 });
  t.deepEqual(adminListen, { host: '127.0.0.1', port: 8081 });
  t.deepEqual(storageListen, { host: '0.0.0.0', port: 8082 });
  t.deepEqual(roles, ['boot', 'admin', 'jobs']);
  t.deepEqual([dataDir, bucket], ['./data', 'boot-assets']);
  t.true(allowedNetworks.some(({ cidr }) => cidr === '10.0.0.0/8'));
  t.deepEqual([adminToken, publicUrl], [undefined, undefined]);
});

test('a flag wins over the environment, and an empty one is none', (t) => {
  t.is(config({ BROKER_BUCKET: 'from-env' }, { BROKER_BUCKET: 'from-flag' }).bucket, 'from-flag');
  t.is(config({ BROKER_BUCKET: '' }).bucket, 'boot-assets');
});

test('all mistakes are told together, each by its name, its flag and what was wanted', (t) => {
  const told = mistakes({
    BROKER_LISTEN: '8080',
    BROKER_ROLES: 'boot,king',
    BROKER_ALLOWED_NETWORKS: '10.0.0.0/8,10.0.0.1/8',
    BROKER_URL_TTL_SECONDS: '1e3',
    BROKER_PUBLIC_URL: 'http://a/path',
    BROKER_ADMIN_TOKEN: 'short',
    BROKER_LISTN: '0.0.0.0:8080',
  });
  t.is(told.length, 7);
  for (const [n, start] of [
    'BROKER_LISTEN (or --listen) must be HOST:PORT',
    'BROKER_ROLES (or --roles) must be one of: boot, admin, jobs',
    'BROKER_PUBLIC_URL (or --public-url) must be an origin',
    'BROKER_ALLOWED_NETWORKS (or --allowed-networks) must be networks in CIDR form',
    'BROKER_URL_TTL_SECONDS (or --url-ttl-seconds) must be a whole number from 10 to 604769',
    'BROKER_ADMIN_TOKEN (or --admin-token) must be 16 to 512 printable characters',
    'BROKER_LISTN is no setting',
  ].entries())
    t.true(told[n]?.startsWith(start), told[n]);
  t.false(told.join().includes('short'));
});

const wrong: Readonly<Record<string, readonly string[]>> = {
  BROKER_LISTEN: ['nowhere', ':99999', '::1:80', '0.0.0.0:', '[::1]'],
  BROKER_PUBLIC_URL: ['10.0.0.1', 'ftp://a', 'http://u@a', 'http://a?x', 'http://a#x'],
  BROKER_BUCKET: ['A', 'ab', 'a/b', '-ab'],
  BROKER_FIRST_STAGE: ['..', 'a/b'],
  BROKER_MAX_STREAMS: ['0', '-1', '1.5', 'x'],
  BROKER_ROLES: [','],
  BROKER_HMAC_ACCESS_ID: ['GOOG1ETESTS1234'],
  BROKER_HMAC_SECRET: ['sixteen-characters'],
  PORT: ['x', '99999', '-1'],
};
for (const [name, values] of Object.entries(wrong))
  test(`${name} is refused when it is ${values.join(' or ')}`, (t) => {
    for (const value of values) t.is(mistakes({ [name]: value }).length, 1, value);
  });

test('a secret may come from a file; one that is missing or empty is a mistake, not "unset"', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bootbroker-test-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const path = join(folder, 'token');
  await writeFile(path, 'a-token-in-a-file\n');
  t.is(config({ BROKER_METRICS_TOKEN_FILE: path }).metricsToken, 'a-token-in-a-file');
  await writeFile(path, '\n');
  for (const file of [path, join(folder, 'nothing')]) {
    const [told = ''] = mistakes({ BROKER_METRICS_TOKEN_FILE: file });
    t.regex(
      told,
      /^BROKER_METRICS_TOKEN .* cannot be read from the file that BROKER_METRICS_TOKEN_FILE names: /,
    );
  }
  t.regex(mistakes({ BROKER_BUCKET_FILE: path })[0] ?? '', /is no setting/);
  t.deepEqual(mistakes({ BROKER_METRICS_TOKEN: 'a-token-of-16-or-more', BROKER_METRICS_TOKEN_FILE: path }), [
    'BROKER_METRICS_TOKEN (or --metrics-token) and BROKER_METRICS_TOKEN_FILE are both set: leave one of them out',
  ]);
});

test('a boot plane on IPv6 needs a storage that its redirects reach', (t) => {
  const [told = '', ...more] = mistakes({ BROKER_LISTEN: '[::]:8080' });
  t.regex(told, /^BROKER_STORAGE_LISTEN must .*: set it to \[::\]:8082, or set BROKER_STORAGE_PUBLIC_URL$/);
  t.is(more.length, 0);
  for (const more of [
    { BROKER_STORAGE_LISTEN: '[::]:8082' },
    { BROKER_STORAGE_PUBLIC_URL: 'http://10.0.0.1:8082' },
    { BROKER_ROLES: 'admin' },
  ])
    t.is(config({ BROKER_LISTEN: '[::]:8080', ...more }).listen.host, '::');
});

test('on Cloud Run the only plane listens on PORT, and the boot plane needs to be told of its proxies', (t) => {
  t.deepEqual(config({ PORT: '9000', BROKER_ROLES: 'boot,jobs' }).listen, { host: '0.0.0.0', port: 9000 });
  t.is(config({ PORT: '9000', BROKER_ROLES: 'admin' }).adminListen.port, 9000);
  t.is(config({ PORT: '9000' }).listen.port, 8080);
  t.regex(
    mistakes({ K_SERVICE: 'x', PORT: '9000', BROKER_ROLES: 'boot' })[0] ?? '',
    /^BROKER_EDGE_KEYS or BROKER_TRUSTED_PROXIES must be set/,
  );
  t.deepEqual(
    mistakes({ K_SERVICE: 'x', BROKER_ROLES: 'boot', BROKER_TRUSTED_PROXIES: '169.254.0.0/16' }),
    [],
  );
  t.deepEqual(mistakes({ K_SERVICE: 'x', BROKER_ROLES: 'admin' }), []);
});

test('settings have one name each, and say in a sentence what they are', (t) => {
  const all = Object.values(settings);
  t.is(new Set(all.map(({ name }) => name)).size, all.length);
  for (const { name, about } of all) {
    t.regex(name, /^BROKER_[A-Z_]+$/);
    t.regex(about, /^[A-Z].+\.$/);
  }
});

test('roles of OIDC tokens are read as CLAIM=VALUE:ROLE, and both halves of OIDC are needed', (t) => {
  const audience = { BROKER_OIDC_AUDIENCE: 'https://broker.example' };
  const { oidcRoles, oidcIssuer, oidcAudience } = config({
    ...audience,
    BROKER_OIDC_ROLES: 'email=a@b.example:admin, https://x/groups=a=b:c:viewer',
  });
  t.deepEqual(oidcRoles, [
    { claim: 'email', value: 'a@b.example', role: 'admin' },
    { claim: 'https://x/groups', value: 'a=b:c', role: 'viewer' },
  ]);
  t.deepEqual([oidcIssuer, oidcAudience], ['https://accounts.google.com', ['https://broker.example']]);
  for (const BROKER_OIDC_ROLES of ['admin', 'email=a', 'email=a:king', '=a:admin', 'email=:admin', ':admin'])
    t.regex(mistakes({ ...audience, BROKER_OIDC_ROLES })[0] ?? '', /^BROKER_OIDC_ROLES .*CLAIM=VALUE:ROLE/);
  t.regex(mistakes(audience)[0] ?? '', /^BROKER_OIDC_ROLES is needed/);
  t.regex(mistakes({ BROKER_OIDC_ROLES: 'email=a:admin' })[0] ?? '', /^BROKER_OIDC_AUDIENCE is needed/);
  for (const url of ['http://issuer.example', 'issuer.example', 'https://issuer.example/?x', 'file:///x'])
    t.regex(mistakes({ BROKER_OIDC_ISSUER: url })[0] ?? '', /https URL/);
  t.is(config({ BROKER_OIDC_ISSUER: 'http://127.0.0.1:9' }).oidcIssuer, 'http://127.0.0.1:9');
});
