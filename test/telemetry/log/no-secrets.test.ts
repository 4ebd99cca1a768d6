import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { addMachine, addProfile, announce, askAdmin, expectStatus, push } from '../../support/broker.ts';
import { startChild } from '../../support/child.ts';
import { askAsEdge, edgeKey, edgeKeysSetting, vouch } from '../../support/edge.ts';
import { ask, until } from '../../support/http.ts';

const metricsToken = 'the-metrics-token-of-this-test';
const mac = '52:54:00:aa:bb:01';
const jwt = `eyJhbGciOiJSUzI1NiJ9.${Buffer.from('{"sub":"somebody"}').toString('base64url')}.c2lnbmF0dXJl`;

test('nothing that a full run writes opens anything: no signature, token, session, key, or word of an edge', async (t) => {
  const child = await startChild(t, {
    env: {
      BROKER_METRICS_TOKEN: metricsToken,
      BROKER_EDGE_KEYS: edgeKeysSetting,
      BROKER_LOG_LEVEL: 'trace',
    },
  });
  const { boot, admin, storage } = await child.ready;
  const kept = (name: string) => readFileSync(join(child.folder, 'data', name), 'utf8').trim();
  const adminToken = kept('admin-token');
  const broker = {
    admin: (target: string, json?: unknown, asking = {}) => askAdmin(admin, adminToken, target, json, asking),
  };
  const secrets: string[] = [adminToken, metricsToken, jwt, edgeKey.toString('base64url')];
  const opens = (url: string) =>
    secrets.push(...[...url.matchAll(/(?:X-Goog-Signature|upload_id)=([^&]+)/g)].map(([, one = '']) => one));

  // Uploads by signature and by session, one that is complete and one that is not.
  const bytes = Buffer.alloc(100_000, 1);
  const kernel = await push(broker, { kind: 'kernel', name: 'debian', bytes });
  const open = await announce(broker, { kind: 'initrd', name: 'debian', bytes });
  opens(open.signed_url);
  await broker.admin(`/api/v1/uploads/${open.id}/complete`, {});
  const announced = {
    mode: 'session',
    kind: 'rootfs',
    name: 'debian',
    version: '1',
    arch: 'x86_64',
    size: 5,
    crc32c: 'AAAAAA==',
  };
  const { session_uri } = expectStatus(await broker.admin('/api/v1/uploads', announced), 201).json;
  opens(session_uri);
  await fetch(session_uri, { method: 'PUT', body: 'short', headers: { 'Content-Range': 'bytes 0-4/6' } });

  // Tokens that are good, made up, or in the wrong place.
  const { token } = expectStatus(
    await broker.admin('/api/v1/tokens', { name: 'ci', role: 'viewer' }),
    201,
  ).json;
  const [, , secret = ''] = String(token).split('_');
  secrets.push(secret);
  for (const given of [token, jwt, `bb_${'0a'.repeat(16)}_${'ff'.repeat(32)}`, metricsToken])
    await askAdmin(admin, given, '/api/v1/machines');
  secrets.push('ff'.repeat(32));
  await askAdmin(admin, adminToken, `/api/v1/machines/${token}?token=${adminToken}`, undefined, {
    userAgent: `agent Bearer ${adminToken}`,
  });
  await ask(boot, '/metrics', { headers: { Authorization: `Bearer ${metricsToken}` } });
  await ask(boot, `/metrics?access_token=${metricsToken}`);

  // Boots: a script, a redirect, a handoff, a stream; and requests that take a capability for something else.
  const { id: machine } = await addMachine(broker, { macs: [mac] });
  const { id } = await addProfile(broker, { name: 'debian', machine_id: machine, kernel: 'debian@1' });
  const target = `/asset/${id}/kernel?machine=${machine}`;
  await askAsEdge(boot, `/boot.ipxe?mac=${mac}`, {}, { userAgent: 'iPXE/2.0.0' });
  const redirect = await askAsEdge(boot, target, {}, { userAgent: 'iPXE/2.0.0' });
  t.is(redirect.status, 302);
  opens(String(redirect.headers.location));
  const handoff = await askAsEdge(boot, target, { capabilities: ['follow'] });
  t.is(handoff.status, 200);
  opens(String(handoff.headers['x-accel-redirect']));
  const stream = await askAsEdge(boot, target);
  t.deepEqual(stream.body, bytes);
  const word = vouch('GET', '/nothing');
  secrets.push(word.replace(/^.*;mac=/, ''));
  await ask(boot, '/autoexec.ipxe', { headers: { 'X-Boot-Edge': word }, userAgent: word });
  const location = new URL(String(redirect.headers.location));
  await askAsEdge(boot, `${location.pathname}${location.search}`, {}, { userAgent: location.href });
  await askAsEdge(boot, `/report/up?mac=${mac}`, {}, { method: 'POST', body: location.href });

  // The storage loses the bytes, and refuses what was asked of it.
  const storageToken = kept('storage-token');
  secrets.push(storageToken, kept('hmac-secret'));
  const files = join(child.folder, 'data/storage/files');
  for (const name of readdirSync(files)) rmSync(join(files, name));
  t.is((await askAsEdge(boot, target)).status, 503);
  await broker.admin(`/api/v1/assets/${kernel.id}/scrub`, {});
  await ask(storage, `${location.pathname}${location.search}x`);
  await ask(storage, '/storage/v1/b', { headers: { Authorization: `Bearer ${storageToken}` } });

  child.kill('SIGTERM');
  t.is(await child.ended, 0);
  await until(() => child.lines().some(({ plan }) => plan === 'handoff'));
  const written = child.stdout() + child.stderr();
  t.true(secrets.length > 12 && secrets.every((one) => one.length >= 8), JSON.stringify(secrets));
  for (const one of secrets)
    for (const form of [one, encodeURIComponent(one)]) t.false(written.includes(form), `${form} was logged`);
  for (const { plan } of [{ plan: 'redirect' }, { plan: 'handoff' }, { plan: 'stream' }, { plan: 'text' }])
    t.true(
      child.lines().some((line) => line.plan === plan),
      plan,
    );
});
