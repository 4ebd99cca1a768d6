import { localNetworks } from '../boot/network.ts';
import { edgeKeys } from './edge-keys.ts';
import {
  bootHost,
  integer,
  listen,
  listOf,
  named,
  network,
  oneOf,
  origin,
  roleRule,
  secret,
  setting,
  text,
  trustworthyUrl,
  unknownMachine,
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
  records: setting(
    'BROKER_RECORDS',
    'sqlite',
    'Where records are kept: sqlite, in the data folder, or firestore.',
    oneOf('sqlite', 'firestore'),
  ),
  storage: setting(
    'BROKER_STORAGE',
    'local',
    'Where assets are kept: local, the embedded Cloud Storage, or gcs.',
    oneOf('local', 'gcs'),
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
  signer: setting(
    'BROKER_SIGNER',
    undefined,
    'Who signs URLs: hmac (an HMAC key), rsa (a key file) or iam (signBlob); unset: hmac for local, iam for gcs.',
    oneOf('hmac', 'rsa', 'iam'),
  ),
  project: setting(
    'BROKER_PROJECT',
    undefined,
    'Google Cloud project of Firestore and of traces in the log.',
    named(/^[a-z0-9][a-z0-9.:-]{2,62}$/, 'a project id, such as my-project-1'),
  ),
  firestoreDatabase: setting(
    'BROKER_FIRESTORE_DATABASE',
    '(default)',
    'Firestore database (BROKER_RECORDS=firestore).',
    named(/^(\(default\)|[a-z][a-z0-9-]{2,61}[a-z0-9])$/, 'a Firestore database id, or (default)'),
  ),
  storageEndpoint: setting(
    'BROKER_STORAGE_ENDPOINT',
    'https://storage.googleapis.com',
    'Origin of Cloud Storage (BROKER_STORAGE=gcs).',
    origin,
  ),
  storageScheme: setting(
    'BROKER_STORAGE_SCHEME',
    undefined,
    'Scheme of redirects to gcs: http or https; unset: https, but http for loaders that have no https.',
    oneOf('http', 'https'),
  ),
  storageReencoded: setting(
    'BROKER_STORAGE_REENCODED',
    'refused',
    'Whether gcs takes signed URLs whose query old iPXE has re-encoded: refused or accepted. bootbroker doctor tries it.',
    oneOf('refused', 'accepted'),
  ),
  serviceAccount: setting(
    'BROKER_SERVICE_ACCOUNT',
    undefined,
    'E-mail of the service account that signs (rsa with a PEM key, iam); unset: the one that the broker runs as.',
    named(/^[^@\s]{1,128}@[A-Za-z0-9.-]{1,128}$/, 'the e-mail of a service account'),
  ),
  iamEndpoint: setting(
    'BROKER_IAM_ENDPOINT',
    'https://iamcredentials.googleapis.com',
    'Origin of IAM Credentials (BROKER_SIGNER=iam); another where Private Service Connect gives it one.',
    origin,
  ),
  rsaKeyFile: setting(
    'BROKER_RSA_KEY_FILE',
    undefined,
    'Key file that signs (BROKER_SIGNER=rsa): JSON or PEM; unset: GOOGLE_APPLICATION_CREDENTIALS.',
    text,
  ),
  publicUrl: setting(
    'BROKER_PUBLIC_URL',
    undefined,
    'Origin under which machines reach the boot plane; explain names the boot URL by it, bootbroker doctor tries it, scripts do without.',
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
  bootHosts: setting(
    'BROKER_BOOT_HOSTS',
    '',
    'Hosts, addresses included, under which the boot plane answers, each with its port or for any; unset: all.',
    listOf(bootHost),
  ),
  edgeKeys: secret(
    'BROKER_EDGE_KEYS',
    'Keys of the edges in front: kid:base64url,... or @FILE, JSON with networks and capabilities; then nobody is believed without an X-Boot-Edge header.',
    edgeKeys,
  ),
  adminHosts: setting(
    'BROKER_ADMIN_HOSTS',
    '',
    'Host names, besides localhost and plain addresses, under which the admin plane answers.',
    listOf(named(/^[a-z0-9.-]+$/, 'lower-case host names without port')),
  ),
  oidcAudience: setting(
    'BROKER_OIDC_AUDIENCE',
    '',
    'Audiences for which OIDC tokens are taken on the admin plane; unset: none are.',
    listOf(text),
  ),
  oidcRoles: setting(
    'BROKER_OIDC_ROLES',
    '',
    'Which holders of OIDC tokens have which role: CLAIM=VALUE:ROLE, such as email=ops@example.org:admin,groups=netboot:operator; the highest counts.',
    listOf(roleRule),
  ),
  oidcIssuer: setting(
    'BROKER_OIDC_ISSUER',
    'https://accounts.google.com',
    'Issuer of OIDC tokens.',
    trustworthyUrl,
  ),
  oidcJwksUrl: setting(
    'BROKER_OIDC_JWKS_URL',
    undefined,
    "Where the issuer's keys are; unset: where its discovery document says.",
    trustworthyUrl,
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
    'What machines get for which nobody said what they boot, registered or not: refuse (404), exit (a script that boots from disk), or profile:NAME, the newest revision of that profile.',
    unknownMachine,
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
    integer(10, 604_769),
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
    'Those of one client address; an eighth of all while more than half are taken.',
    integer(1, 100_000),
  ),
  streamFloor: setting(
    'BROKER_STREAM_FLOOR',
    '1000000',
    'Bits per second: who reads less for a minute gives way when others wait for a place; 0: nobody does.',
    integer(0, 1_000_000_000),
  ),
  maxConnections: setting(
    'BROKER_MAX_CONNECTIONS',
    '8192',
    'Connections of each listener at once, if the process may open so many files.',
    integer(1, 1_000_000),
  ),
  events: setting(
    'BROKER_EVENTS',
    'await',
    'Boot events: await, written before the answer has ended, or background.',
    oneOf('await', 'background'),
  ),
  bootsKeepDays: setting(
    'BROKER_BOOTS_KEEP_DAYS',
    '90',
    'Days that boots are kept; of one machine, the newest 100.',
    integer(1, 3650),
  ),
  reportsPerSource: setting(
    'BROKER_REPORTS_PER_SOURCE',
    '500',
    'Reports a second that are taken from one client address: a whole site may stand behind it.',
    integer(1, 1_000_000),
  ),
  logLevel: setting(
    'BROKER_LOG_LEVEL',
    'info',
    'Least level that is logged.',
    oneOf('trace', 'debug', 'info', 'warn', 'error', 'silent'),
  ),
  logFormat: setting(
    'BROKER_LOG_FORMAT',
    undefined,
    'How the log is written: json, for programs, or text, for people; unset: text on a terminal, json elsewhere.',
    oneOf('json', 'text'),
  ),
  adminToken: secret(
    'BROKER_ADMIN_TOKEN',
    'Bearer token of the admin plane; unset: made once, in admin-token in the data folder.',
    secretText,
  ),
  metricsPage: setting(
    'BROKER_METRICS',
    'on',
    'Whether /metrics is served: on, or off, whatever token there is.',
    oneOf('on', 'off'),
  ),
  metricsToken: secret(
    'BROKER_METRICS_TOKEN',
    'Bearer token that /metrics asks for, and then for nothing else; unset: it is for whoever the plane is for.',
    secretText,
  ),
  hmacAccessId: setting(
    'BROKER_HMAC_ACCESS_ID',
    undefined,
    'Access id of the HMAC key; unset: one is made, for the embedded storage.',
    named(/^[A-Z0-9]{12,128}$/, 'an access id of capitals and digits, such as GOOG1E...'),
  ),
  hmacSecret: secret(
    'BROKER_HMAC_SECRET',
    'Secret of the HMAC key; sm://projects/P/secrets/S/versions/V reads it from Secret Manager.',
    secretText,
  ),
  snapshotKey: secret(
    'BROKER_SNAPSHOT_KEY',
    'Encrypts what machines boot, kept in the bucket for a start while Firestore is down; the same for all brokers; sm://... as above; unset: nothing is kept.',
    secretText,
  ),
  snapshotSeconds: setting(
    'BROKER_SNAPSHOT_SECONDS',
    '120',
    'How often the jobs role looks whether that has changed.',
    integer(1, 3600),
  ),
  token: secret(
    'BROKER_TOKEN',
    'Bearer token that the command line sends: an API token or an OIDC token; unset: the one of BROKER_ADMIN_TOKEN.',
    named(/^[\x21-\x7e]{16,8192}$/, '16 to 8192 printable characters without spaces'),
  ),
  url: setting(
    'BROKER_URL',
    'http://127.0.0.1:8081',
    'Where the command line finds the admin plane.',
    origin,
  ),
} as const;
