import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { readConfig } from '../../src/config/config.ts';
import { edgeKeys } from '../../src/config/edge-keys.ts';

const secret = Buffer.alloc(32, 7).toString('base64url');
const entry = { kid: 'site-a', key: secret, networks: ['192.168.7.0/24'], capabilities: ['cache', 'follow'] };
const json = (...more: readonly object[]) => JSON.stringify(more.map((one) => ({ ...entry, ...one })));

async function fileWith(t: ExecutionContext, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bootbroker-test-'));
  t.teardown(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'keys'), text);
  return join(folder, 'keys');
}

const told = (value: string) => {
  const read = readConfig({}, { BROKER_EDGE_KEYS: value });
  return 'mistakes' in read ? read.mistakes.join('\n') : 'none';
};

test('keys in the setting itself vouch for every address, by all that an edge can do', (t) => {
  const [a, b, ...more] = edgeKeys(`site-a:${secret}, b.2:${secret}`);
  t.deepEqual([a?.kid, b?.kid, more.length], ['site-a', 'b.2', 0]);
  t.deepEqual(a?.secret, Buffer.alloc(32, 7));
  t.deepEqual(a?.capabilities, ['cache', 'follow']);
  for (const address of ['8.8.8.8', 'fd00::1'])
    t.true(a?.networks.some((network) => network.contains(address)));
});

test('JSON limits each key to its networks and capabilities; a file holds either notation', async (t) => {
  const path = await fileWith(
    t,
    `${json({}, { kid: 'cloud', networks: ['10.0.0.0/8', 'fd00::/8'], capabilities: [] })}\n`,
  );
  const [site, cloud, ...more] = edgeKeys(`@${path}`);
  t.is(more.length, 0);
  t.deepEqual([site?.kid, site?.capabilities], ['site-a', ['cache', 'follow']]);
  t.deepEqual(
    cloud?.networks.map(({ cidr }) => cidr),
    ['10.0.0.0/8', 'fd00::/8'],
  );
  t.deepEqual(cloud?.capabilities, []);
  const plain = await fileWith(t, `a:${secret}\n`);
  t.is(edgeKeys(`@${plain}`)[0]?.kid, 'a');
  const read = readConfig({}, { BROKER_EDGE_KEYS_FILE: path });
  t.is('config' in read && read.config.edgeKeys?.length, 2);
});

const wrong: readonly (readonly [what: string, value: string, says: RegExp])[] = [
  [
    'a key of 31 bytes',
    `a:${Buffer.alloc(31, 7).toString('base64url')}`,
    /at least 32 bytes in the key a, which has 31/,
  ],
  ['padding', `a:${secret}=`, /the key a in base64url, without =/],
  ['a last digit with unused bits', `a:${secret.slice(0, -1)}d`, /the key a in base64url/],
  ['plain base64', `a:${'+'.repeat(43)}`, /the key a in base64url/],
  ['no kid', `:${secret}`, /must name each key/],
  ['a kid that is none', `a b:${secret}`, /must name each key/],
  ['no key', 'a:', /must be kid:base64url/],
  ['nothing but commas', ',', /must be kid:base64url/],
  ['a kid twice', `a:${secret},a:${secret}`, /has the key a twice/],
  ['a kid twice in JSON', json({}, {}), /has the key site-a twice/],
  ['a file that is missing', '@/nowhere/at/all', /ENOENT/],
  ['no JSON', `[{"kid":"a","key":"${secret}"`, /is no JSON array/],
  ['no keys', '[]', /names no key/],
  ['no object', '[null]', /must give each key exactly: capabilities, key, kid, networks/],
  ['a field less', `[{"kid":"a","key":"${secret}","networks":["::/0"]}]`, /must give each key exactly/],
  ['a field more', json({ hw: true }), /must give each key exactly/],
  ['no network', json({ networks: [] }), /a network/],
  ['a network with host bits', json({ networks: ['10.0.0.1/8'] }), /networks in CIDR form/],
  ['a network that is no text', json({ networks: [7] }), /the networks of site-a as an array of strings/],
  ['networks that are no array', json({ networks: '10.0.0.0/8' }), /as an array of strings/],
  ['a capability that is none', json({ capabilities: ['fly'] }), /capabilities of: cache, follow/],
  ['a key that is a number', json({ key: 7 }), /the key site-a/],
];
for (const [what, value, says] of wrong)
  test(`edge keys with ${what} are a mistake, which never quotes a key`, (t) => {
    t.regex(told(value), /^BROKER_EDGE_KEYS \(or --edge-keys\) /);
    t.regex(told(value), says);
    t.false(told(value).includes(secret.slice(0, 20)));
  });

test('edges and trusted proxies exclude each other; on Cloud Run the boot plane needs one of them', (t) => {
  const mistakes = (env: Record<string, string>) => {
    const read = readConfig({}, env);
    return 'mistakes' in read ? read.mistakes : [];
  };
  const BROKER_EDGE_KEYS = `a:${secret}`;
  const BROKER_TRUSTED_PROXIES = '10.0.0.1';
  t.deepEqual(mistakes({ BROKER_EDGE_KEYS }), []);
  t.deepEqual(mistakes({ K_SERVICE: 'x', BROKER_ROLES: 'boot', BROKER_EDGE_KEYS }), []);
  const [both, ...more] = mistakes({ BROKER_EDGE_KEYS, BROKER_TRUSTED_PROXIES });
  t.regex(both ?? '', /^BROKER_EDGE_KEYS and BROKER_TRUSTED_PROXIES exclude each other/);
  t.is(more.length, 0);
});
