import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { allows, roles } from '../../../src/boot/access/actor.ts';
import { chainStart, follows } from '../../../src/boot/access/audit.ts';
import { adminRoutes } from '../../../src/http/admin/routes.ts';
import {
  announce,
  askAdmin,
  type Broker,
  brokerFor,
  expectStatus,
  startBroker,
} from '../../support/broker.ts';
import { audience, type FakeIssuer, fakeIssuer, forged } from '../../support/fake-issuer.ts';
import { ask, until } from '../../support/http.ts';
import { agents, mac, startSite } from '../site.ts';

const test = anyTest as TestFn;
let broker: Broker;
test.before(async () => {
  broker = await startBroker();
});
test.after.always(() => broker?.close());

/** The text of a new token. */
async function tokenOf({ admin }: Pick<Broker, 'admin'>, role: string, more: object = {}): Promise<string> {
  return expectStatus(await admin('/api/v1/tokens', { name: `a-${role}`, role, ...more }), 201).json.token;
}

async function auditOf({ admin }: Pick<Broker, 'admin'>) {
  return expectStatus(await admin('/api/v1/audit?limit=1000'), 200).json.items;
}

const withIssuer = (issuer: FakeIssuer) => ({
  BROKER_OIDC_ISSUER: issuer.origin,
  BROKER_OIDC_AUDIENCE: audience,
  BROKER_OIDC_ROLES: 'groups=netboot:operator,email=ops@example.org:admin,hd=example.org:viewer',
});

test('every route is closed to whoever is below its role, before its body is read, and open above', async (t) => {
  const issuer = await fakeIssuer(t);
  const own = await brokerFor(t, { settings: withIssuer(issuer) });
  const tokens = new Map<string, string>();
  for (const role of roles) tokens.set(role, await tokenOf(own, role));
  tokens.set('none', await issuer.token({ groups: 'strangers' }));
  for (const { method, path, role: least } of adminRoutes) {
    const target = path.replaceAll(/\{\w+\}/g, 'none');
    const headers = { 'Content-Type': 'application/json', 'Content-Length': '9000000' };
    const call = { method: method.toUpperCase(), ...(method !== 'get' && { headers }) };
    const anonymous = await ask(own.adminPort, target, call);
    t.is(anonymous.status, 401, `${method} ${path}`);
    for (const [role, token] of tokens) {
      const bearer = { Authorization: `Bearer ${token}` };
      const what = `${method} ${path} as ${role}`;
      if (
        allows(
          roles.find((one) => one === role),
          least,
        )
      ) {
        const got = await askAdmin(own.adminPort, token, target, undefined, {
          method: method.toUpperCase(),
          ...(method !== 'get' && { body: '{' }),
        });
        t.true(got.status < 500 && ![401, 403, 405].includes(got.status), `${what}: ${got.status}`);
      } else {
        const got = await ask(own.adminPort, target, { ...call, headers: { ...call.headers, ...bearer } });
        t.deepEqual([got.status, got.json.type], [403, 'urn:bootbroker:problem:forbidden'], what);
        t.true(got.json.detail.includes(least), what);
      }
    }
  }
});

test('each of viewer, operator and admin has at least one route that is the first to open', (t) => {
  t.deepEqual(
    roles.filter((one) => adminRoutes.some(({ role }) => role === one)),
    [...roles],
  );
  for (const { method, path, role } of adminRoutes) {
    if (/tokens|audit/.test(path)) t.is(role, 'admin', path);
    else if (method !== 'get') t.not(role, 'viewer', path);
  }
});

test('the secret of a token is shown once and kept nowhere', async (t) => {
  const { json, headers } = await broker.admin('/api/v1/tokens', { name: 'ci', role: 'operator' });
  const { token, ...shown } = json;
  t.regex(token, /^bb_[0-9a-f]{32}_[0-9a-f]{64}$/);
  t.is(headers.location, `/api/v1/tokens/${json.id}`);
  const secret = token.split('_')[2];
  t.deepEqual((await broker.admin(`/api/v1/tokens/${json.id}`)).json, shown);
  const list = await broker.admin('/api/v1/tokens?limit=1000');
  t.true(list.json.items.some(({ id }: { id: string }) => id === json.id));
  const stored = await broker.parts.records.token(json.id);
  for (const text of [
    list.text,
    JSON.stringify(stored),
    JSON.stringify(await auditOf(broker)),
    JSON.stringify(broker.log),
  ]) {
    t.false(text.includes(secret));
    t.true(text.includes(json.id));
  }
  t.false(list.text.includes(stored?.hash ?? ''), 'nor is its hash shown');
  t.is((await askAdmin(broker.adminPort, token, '/api/v1/machines')).status, 200);
});

test('a token that is revoked opens nothing from that moment on, and revoking it again changes nothing', async (t) => {
  const token = await tokenOf(broker, 'admin');
  const use = async () => (await askAdmin(broker.adminPort, token, '/api/v1/tokens')).status;
  const id = token.replace(/^bb_(.{8})(.{4})(.{4})(.{4})(.{12})_.*$/, '$1-$2-$3-$4-$5');
  t.is(await use(), 200);
  const revoked = await broker.admin(`/api/v1/tokens/${id}`, undefined, { method: 'DELETE' });
  t.is(revoked.status, 200);
  t.is(await use(), 401);
  t.deepEqual(
    (await broker.admin(`/api/v1/tokens/${id}`, undefined, { method: 'DELETE' })).json,
    revoked.json,
  );
  t.is((await broker.admin('/api/v1/tokens/none', undefined, { method: 'DELETE' })).status, 404);
});

test('a token ends when it says, and none is made that has ended', async (t) => {
  let now = Date.now();
  const own = await brokerFor(t, { clock: () => new Date(now) });
  const token = await tokenOf(own, 'viewer', { expires_at: new Date(now + 60_000).toISOString() });
  const use = async () => askAdmin(own.adminPort, token, '/api/v1/machines');
  now += 59_999;
  t.is((await use()).status, 200);
  now += 1;
  const { status, json } = await use();
  t.is(status, 401);
  t.regex(json.detail, /expired/);
  for (const expires_at of [new Date(now).toISOString(), 'tomorrow', '2027-13-01T00:00:00Z', 5])
    t.is((await own.admin('/api/v1/tokens', { name: 'x', role: 'viewer', expires_at })).status, 400);
});

test('what only looks like a token is none', async (t) => {
  const token = await tokenOf(broker, 'admin');
  const [, id = '', secret = ''] = token.split('_');
  for (const wrong of [
    `bb_${id}_${secret.slice(0, -1)}${secret.endsWith('0') ? '1' : '0'}`,
    `bb_${id}_${'0'.repeat(64)}`,
    `bb_${id.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'))}_${secret}`,
    `bb_${id}_`,
    `bb_${id}`,
    secret,
    token.toUpperCase(),
    `${token}0`,
    ` ${token} x`,
    'a.b.c',
    '__proto__',
  ])
    t.is((await askAdmin(broker.adminPort, wrong, '/api/v1/machines')).status, 401, wrong);
  for (const query of [`access_token=${token}`, `token=${token}`, `authorization=Bearer%20${token}`]) {
    const got = await ask(broker.adminPort, `/api/v1/machines?${query}`);
    t.is(got.status, 401, 'a token in a URL is none');
    t.false(got.text.includes(secret));
  }
  const both = await askAdmin(broker.adminPort, token, `/api/v1/machines?access_token=${token}`);
  t.is(both.status, 400);
  t.false(both.text.includes(secret));
  await askAdmin(broker.adminPort, token, `/${token}`);
  t.false(JSON.stringify(broker.log).includes(`?access_token`));
});

test('holders of OIDC tokens get on with the role of their claims, and without one nowhere', async (t) => {
  const issuer = await fakeIssuer(t);
  const own = await brokerFor(t, { settings: withIssuer(issuer) });
  const status = async (token: string, target = '/api/v1/machines', json?: object) =>
    (await askAdmin(own.adminPort, token, target, json)).status;
  const good = await issuer.token({ groups: ['netboot'] });
  t.is(await status(good, '/api/v1/machines', { serial: 'S-1' }), 201);
  t.is(await status(good, '/api/v1/tokens'), 403);
  t.is(
    await status(await issuer.token({ email: 'ops@example.org', email_verified: true }), '/api/v1/tokens'),
    200,
  );
  t.is(await status(await issuer.token({ email: 'ops@example.org' }), '/api/v1/machines'), 403);
  t.is(await status(await issuer.token({ aud: 'else' })), 401);
  t.is(await status(`${good.split('.').slice(0, 2).join('.')}.SIGNATURE_REMOVED_BY_GOOGLE`), 401);
  t.is(await status(forged({ alg: 'none' }, { iss: issuer.origin }, '')), 401);
  t.is(await status(own.parts.adminToken), 200, 'the token of the settings still opens all');
  issuer.faults.push({ status: 500 });
  const down = await brokerFor(t, { settings: withIssuer(issuer) });
  const { status: code, headers, json } = await askAdmin(down.adminPort, good, '/api/v1/machines');
  t.deepEqual([code, headers['retry-after'], json.type], [503, '5', 'urn:bootbroker:problem:issuer-down']);
  const events = await auditOf(own);
  t.like(
    events.find(({ action }: { action: string }) => action === 'machine.create'),
    {
      actor: { kind: 'oidc', id: '1234', role: 'operator' },
      from: '127.0.0.1',
    },
  );
  t.true(events.every(({ reason = '' }) => !reason.includes(good)));
});

test('without an audience no OIDC token is taken', async (t) => {
  const issuer = await fakeIssuer(t);
  t.is((await askAdmin(broker.adminPort, await issuer.token(), '/api/v1/machines')).status, 401);
  t.is(issuer.asked.length, 0);
});

test('refusals are audit events, however many of one kind: one at once and one for the rest of the minute', async (t) => {
  const own = await brokerFor(t);
  const viewer = await tokenOf(own, 'viewer');
  const [{ id }] = (await own.admin('/api/v1/tokens')).json.items;
  for (let n = 0; n < 30; n += 1) {
    await askAdmin(own.adminPort, `wrong-${n}`, '/api/v1/machines');
    await askAdmin(own.adminPort, viewer, '/api/v1/machines', { serial: 'x' });
    await ask(own.adminPort, '/api/v1/machines');
  }
  const refused = async () =>
    (await auditOf(own)).filter(({ outcome }: { outcome: string }) => outcome === 'refused');
  await until(async () => (await refused()).length === 2);
  const [wrong, forbidden] = await refused();
  t.like(wrong, {
    action: 'authenticate',
    actor: { kind: 'anonymous', id: 'unknown' },
    from: '127.0.0.1',
  });
  t.like(forbidden, { action: 'POST /api/v1/machines', actor: { kind: 'token', id, role: 'viewer' } });
});

test('the audit log says who changed what, from where, before and after, in an unbroken chain', async (t) => {
  const own = await brokerFor(t);
  const operator = await tokenOf(own, 'operator');
  const ask = (target: string, json: object | undefined, asking = {}) =>
    askAdmin(own.adminPort, operator, target, json, asking);
  const { id } = (
    await ask('/api/v1/machines', { serial: 'S-1', labels: { root_password: 'hunter2', rack: 'r1' } })
  ).json;
  await ask(`/api/v1/machines/${id}`, { serial: 'S-2', labels: { rack: 'r1' } }, { method: 'PUT' });
  await ask(`/api/v1/machines/${id}`, undefined, { method: 'DELETE' });
  const events = await auditOf(own);
  t.deepEqual(
    events.map(({ action }: { action: string }) => action),
    ['token.create', 'machine.create', 'machine.change', 'machine.delete'],
  );
  const [, created, changed, deleted] = events;
  for (const event of [created, changed, deleted])
    t.like(event, {
      target: { kind: 'machine', id },
      outcome: 'done',
      from: '127.0.0.1',
      actor: { kind: 'token', role: 'operator' },
    });
  t.like(created.after, { serial: 'S-1', labels: { root_password: '***', rack: 'r1' } });
  t.like(changed, { before: { serial: 'S-1', version: 1 }, after: { serial: 'S-2', version: 2 } });
  t.false('id' in changed.after, 'what did not change is left out');
  t.like(deleted.before, { serial: 'S-2' });
  let head = chainStart;
  for (const event of events) {
    t.true(follows(event, head));
    head = event;
  }
  t.false(JSON.stringify(events).includes('hunter2'));
  const only = async (query: string) => (await own.admin(`/api/v1/audit?${query}`)).json.items.length;
  t.deepEqual(
    [
      await only(`target=${id}`),
      await only('action=machine'),
      await only('action=machine.delete'),
      await only('actor=admin-token'),
    ],
    [3, 3, 1, 1],
  );
  t.deepEqual((await own.admin('/api/v1/audit?limit=1&action=machine')).json.items, []);
});

test('what a viewer can read holds nothing that opens anything', async (t) => {
  const site = await startSite();
  t.teardown(site.close);
  const upload = await announce(site, { kind: 'kernel', name: 'new', bytes: Buffer.alloc(10) });
  await tokenOf(site, 'admin');
  const viewer = await tokenOf(site, 'viewer');
  const signature = /X-Goog-Signature=(\w+)/.exec(upload.signed_url)?.[1] ?? '';
  const key = await readFile(join(site.config.dataDir, 'storage-token'), 'utf8');
  const secrets = [signature, key.trim(), site.parts.adminToken, viewer.split('_')[2] ?? '', 'bb_'];
  t.true(secrets.every((secret) => secret.length > 2));
  const ids: Record<string, string> = {
    machines: site.machine,
    profiles: site.revision,
    assets: upload.asset_id,
    uploads: upload.id,
  };
  const readable = adminRoutes.filter(({ method, role }) => method === 'get' && role === 'viewer');
  let read = 0;
  for (const { path } of readable) {
    const target = path.replaceAll(/\{\w+\}/g, ids[path.split('/')[3] ?? ''] ?? 'none');
    const query = path.endsWith('/explain')
      ? `?mac=${mac}&user_agent=${encodeURIComponent(agents.ipxe)}`
      : '';
    const { status, text } = await askAdmin(site.adminPort, viewer, `${target}${query}`);
    if (status === 200) read += 1;
    for (const secret of secrets) t.false(text.includes(secret), path);
    t.notRegex(text, /X-Goog-Signature=[0-9a-f]{8}/, path);
  }
  t.true(read >= 8);
});
