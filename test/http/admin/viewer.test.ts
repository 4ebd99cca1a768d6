import anyTest, { type TestFn } from 'ava';
import { command } from '../../cli/command.ts';
import { addMachine, addProfile, askAdmin } from '../../support/broker.ts';
import { temporaryFolder } from '../../support/child.ts';
import { agents, problem, type Site, startSite } from '../site.ts';

const test = anyTest as TestFn;
let site: Site;
let viewer: string;
test.before(async () => {
  site = await startSite();
  viewer = (await site.admin('/api/v1/tokens', { name: 'v', role: 'viewer' })).json.token;
});
test.after.always(() => site?.close());

const cmdline =
  'quiet inst.rootpw=SECRET1 token=SECRET2 inst.ks=http://u:SECRET3@host/ks url=http://h/o?X-Goog-Signature=SECRET4 ipa-otp=SECRET5';
const metadata = {
  password: 'SECRET6',
  wifi: [{ psk: 'SECRET7' }],
  env: [{ name: 'API_TOKEN', value: 'SECRET8' }],
  hostname: 'open',
};

/** A machine that boots secrets, and what a viewer may ask about it. */
async function written(n: number) {
  const mac = `52:54:00:0d:00:0${n}`;
  const { id: machine } = await addMachine(site, {
    macs: [mac],
    labels: { bmc_password: 'SECRET9', rack: '1' },
  });
  const before = await addProfile(site, {
    name: `p${n}`,
    machine_id: machine,
    kernel: 'debian@12',
    cmdline,
    metadata,
  });
  const { id } = await addProfile(site, {
    ...{ name: `p${n}`, machine_id: machine, kernel: 'debian@12' },
    cmdline: cmdline.replace('SECRET1', 'SECRET1b'),
    metadata: { ...metadata, password: 'SECRET6b', hostname: 'other' },
  });
  await site.boot(`/boot.ipxe?mac=${mac}`, { userAgent: agents.ipxe });
  await site.boot(`/report/failed?machine=${machine}`, {
    method: 'POST',
    body: 'no: password=SECRET10\ntoken: SECRET11',
  });
  return { mac, machine, before: before.id, id };
}
const asked = (target: string, json?: unknown) =>
  json === undefined
    ? askAdmin(site.adminPort, viewer, `/api/v1${target}`)
    : askAdmin(site.adminPort, viewer, `/api/v1${target}`, json);

test('a viewer reads no password, token or signature: each answer is masked, and says so', async (t) => {
  const { mac, machine, before, id } = await written(1);
  const agent = encodeURIComponent(agents.ipxe);
  const targets = [
    `/profiles/${id}`,
    '/profiles',
    `/explain?mac=${mac}&user_agent=${agent}`,
    `/explain?mac=${mac}&user_agent=${agent}&facts=1`,
    `/boots?machine=${machine}`,
    `/profiles/${before}/diff/${id}`,
    `/machines/${machine}`,
    '/machines',
  ];
  for (const target of targets) {
    const { status, text, headers } = await asked(target);
    t.is(status, 200, target);
    t.false(text.includes('SECRET'), `${target}: ${/.{60}SECRET.{20}/s.exec(text)?.[0]}`);
    t.regex(text, /\*\*\*/, target);
    t.is(headers['bootbroker-masked'], '***', target);
  }
  const dry = { name: 'p1', machine_id: machine, kernel: 'debian@12', cmdline: 'quiet password=mine' };
  for (const [target, body] of [
    ['/profiles?dry_run=1', dry],
    ['/apply?dry_run=1', { profiles: [{ name: 'p1', kernel: 'debian@12', cmdline: 'quiet' }] }],
    ['/rules?dry_run=1', { name: 'r', priority: 1, profile: 'p1', selector: { all: [] } }],
  ] as const) {
    const { text } = await asked(target, body);
    t.false(text.includes('SECRET'), `${target}: ${/.{60}SECRET.{20}/s.exec(text)?.[0]}`);
  }
  const { text } = await asked('/assets');
  t.false(text.includes('***')); // and what is open stays as it is
});

test('a diff shows a viewer that a secret has changed, and not what it is', async (t) => {
  const { before, id } = await written(2);
  const { json } = await asked(`/profiles/${before}/diff/${id}`);
  const byPath = Object.fromEntries(json.differences.map((one: { path: string }) => [one.path, one]));
  t.deepEqual(Object.keys(byPath).sort(), ['cmdline', 'metadata.hostname', 'metadata.password']);
  t.not(byPath['metadata.password'].before, byPath['metadata.password'].after);
});

test('operators and administrators read what they wrote, and nothing says that it is masked', async (t) => {
  const { id } = await written(3);
  for (const role of ['operator', 'admin']) {
    const { token } = (await site.admin('/api/v1/tokens', { name: role, role })).json;
    const { json, headers } = await askAdmin(site.adminPort, token, `/api/v1/profiles/${id}`);
    t.deepEqual(json.metadata, { ...metadata, password: 'SECRET6b', hostname: 'other' });
    t.is(headers['bootbroker-masked'], undefined);
  }
});

test('what was exported masked cannot be applied: it would overwrite the secrets', async (t) => {
  await written(4);
  const run = command({ url: `http://127.0.0.1:${site.adminPort}`, token: viewer });
  const file = `${await temporaryFolder(t)}/site.yaml`;
  const { code, stderr } = await run('export', '-o', file);
  t.is(code, 0, stderr);
  t.is(stderr.match(/warning: secrets .* are masked/g)?.length, 1, stderr);
  const admin = command({ url: `http://127.0.0.1:${site.adminPort}`, token: site.parts.adminToken });
  for (const more of [[], ['--dry-run']]) {
    const applied = await admin('apply', '-f', file, ...more);
    t.not(applied.code, 0);
    t.regex(applied.stderr, /masked \(\*\*\*\)/);
  }
  for (const body of [
    { name: 'm', kernel: 'debian@12', cmdline: 'quiet rootpw=***' },
    { name: 'm', kernel: 'debian@12', cmdline: 'inst.ks=http://***@host/' },
    { name: 'm', kernel: 'debian@12', metadata: { env: [{ name: 'API_TOKEN', value: '***' }] } },
  ]) {
    const { status, json } = await site.admin('/api/v1/profiles', body);
    t.deepEqual([status, json.type, json.errors.length], [400, problem('bad-input'), 1]);
  }
  t.is(
    (await site.admin('/api/v1/profiles', { name: 'm', kernel: 'debian@12', cmdline: 'a=**' })).status,
    201,
  );
});
