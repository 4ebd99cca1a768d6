import { readFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { canonicalAddress, parseNetwork } from '../../src/boot/network.ts';
import { type EdgeKey, type EdgeStatement, edgeHeader, verifyEdge } from '../../src/sign/x-boot-edge.ts';

interface Case {
  readonly kid: string;
  readonly t: number;
  readonly addr: string;
  readonly hw: string;
  readonly can: string;
  readonly method: string;
  readonly target: string;
  readonly header: string;
}
const file = new URL('../vectors/x-boot-edge.json', import.meta.url);
const vectors = JSON.parse(readFileSync(file, 'utf8')) as {
  readonly keys: Readonly<Record<string, string>>;
  readonly cases: readonly Case[];
};

const networks = (...cidrs: string[]) => cidrs.flatMap((cidr) => parseNetwork(cidr) ?? []);
const key = (kid: string, more: Partial<EdgeKey> = {}): EdgeKey => ({
  secret: Buffer.from(vectors.keys[kid] ?? '', 'base64url'),
  networks: networks('10.10.0.0/16', '192.168.7.0/24', 'fd00:7::/64'),
  capabilities: ['cache', 'follow'],
  ...more,
});
const keys = new Map([
  ['site-a', key('site-a')],
  ['cloud', key('cloud')],
]);
const trust = { keyOf: (kid: string) => keys.get(kid), canonicalAddress };
const at = (seconds: number) => new Date(seconds * 1000);

const t0 = 1_795_295_381;
const request = { method: 'GET', target: '/boot.ipxe?mac=52:54:00:aa:bb:01' };
const said: EdgeStatement = { kid: 'site-a', t: t0, address: '192.168.7.20', capabilities: ['follow'] };
const sign = (more: Partial<EdgeStatement> = {}, { secret } = key('site-a')) =>
  edgeHeader({ ...said, ...more }, request, secret);
const judge = (value: string, more: Partial<typeof request> = {}, seconds = t0, believing = trust) =>
  verifyEdge(
    { ...request, ...more, rawHeaders: ['Host', 'a', 'X-Boot-Edge', value] },
    believing,
    at(seconds),
  );
const verdict = (...args: Parameters<typeof judge>) => {
  const found = judge(...args);
  return found.ok ? 'vouched' : found.failure;
};

for (const { kid, t: seconds, addr, hw, can, method, target, header } of vectors.cases)
  test(`the published header of ${kid} for ${method} ${target} is made and believed, to the byte`, (t) => {
    const capabilities = can === '' ? [] : can.split(',');
    const statement = { kid, t: seconds, address: addr, ...(hw && { hw }), capabilities };
    t.is(edgeHeader(statement, { method, target }, key(kid).secret), header);
    const rawHeaders = ['x-boot-edge', header];
    t.deepEqual(verifyEdge({ method, target, rawHeaders }, trust, at(seconds)), {
      ok: true,
      kid,
      address: addr,
      ...(hw && { hw }),
      capabilities,
    });
  });

test('a header that is missing, or there twice, vouches for nobody, however it is spelled', (t) => {
  const of = (rawHeaders: string[]) => {
    const found = verifyEdge({ ...request, rawHeaders }, trust, at(t0));
    return found.ok ? 'vouched' : found.failure;
  };
  t.is(of([]), 'missing');
  t.is(of(['Accept', 'X-Boot-Edge', 'X-Boot-Edge2', sign()]), 'missing');
  t.is(of(['X-BOOT-EDGE', sign()]), 'vouched');
  t.is(of(['X-Boot-Edge', sign(), 'x-boot-edge', sign()]), 'duplicated');
  t.is(of(['X-Boot-Edge', sign(), 'x-boot-edge', '']), 'duplicated');
  t.is(of(['X-Boot-Edge', `${sign()}, ${sign()}`]), 'malformed');
});

test('a clock may be 60 s off, either way, and no more', (t) => {
  t.is(verdict(sign(), {}, t0 + 60), 'vouched');
  t.is(verdict(sign(), {}, t0 - 60), 'vouched');
  t.is(verdict(sign(), {}, t0 + 61), 'stale');
  t.is(verdict(sign(), {}, t0 - 61), 'early');
  t.is(verdict(sign(), {}, Number.NaN), 'early');
});

test('a key vouches for nothing but its own networks and capabilities', (t) => {
  const narrow = key('site-a', { networks: networks('192.168.7.0/28'), capabilities: ['follow'] });
  const believing = { ...trust, keyOf: () => narrow };
  t.is(verdict(sign({ address: '192.168.7.15' }), {}, t0, believing), 'vouched');
  t.is(verdict(sign({ address: '192.168.7.16' }), {}, t0, believing), 'address');
  t.is(verdict(sign({ address: '::1' }), {}, t0, believing), 'address');
  const here = { address: '192.168.7.1' };
  t.is(verdict(sign({ ...here, capabilities: [] }), {}, t0, believing), 'vouched');
  t.is(verdict(sign({ ...here, capabilities: ['cache', 'follow'] }), {}, t0, believing), 'capability');
  t.is(verdict(sign({ capabilities: ['fly'] })), 'capability');
});

test('a key that is not known, and the key of another, vouch for nobody', (t) => {
  t.is(verdict(sign({ kid: 'site-b' })), 'unknown-key');
  t.is(verdict(sign({ kid: '__proto__' })), 'unknown-key');
  t.is(verdict(sign({}, key('cloud'))), 'wrong-mac');
});

test('what a failure says names the key, and nothing that the MAC was made of', (t) => {
  const mac = sign().slice(-43);
  for (const found of [judge(sign(), {}, t0 + 99), judge(sign(), { target: '/' }), judge(`${sign()}=`)]) {
    t.false(found.ok);
    t.false(JSON.stringify(found).includes(mac));
  }
});

/** Each is signed as it stands: only its spelling is wrong. */
const spellings: Readonly<Record<string, Partial<EdgeStatement>>> = {
  'an IPv6 address in capitals': { address: 'FD00:7::20' },
  'an IPv6 address with leading zeros': { address: 'fd00:0007::20' },
  'an IPv6 address that is not compressed': { address: 'fd00:7:0:0:0:0:0:20' },
  'an IPv6 address with a zone': { address: 'fe80::1%eth0' },
  'an IPv4 address as IPv6': { address: '::ffff:192.168.7.20' },
  'an IPv4 address as hexadecimal IPv6': { address: '::ffff:c0a8:714' },
  'an IPv4 address with leading zeros': { address: '192.168.007.20' },
  'a short IPv4 address': { address: '192.168.1812' },
  'an address with a port': { address: '192.168.7.20:80' },
  'no address': { address: '' },
  'capabilities in another order': { capabilities: ['follow', 'cache'] },
  'a capability twice': { capabilities: ['cache', 'cache'] },
  'an empty capability': { capabilities: ['cache', ''] },
  'a MAC in capitals': { hw: '52:54:00:AA:BB:01' },
  'a MAC with dashes': { hw: '52-54-00-aa-bb-01' },
  'a MAC that is too short': { hw: '52:54:00:aa:bb' },
  'a MAC that is too long': { hw: '52:54:00:aa:bb:011' },
  'a group MAC': { hw: '53:54:00:aa:bb:01' },
  'a MAC of zeros': { hw: '00:00:00:00:00:00' },
  'a time with a fraction': { t: t0 + 0.5 },
  'a negative time': { t: -5 },
  'a time of zero': { t: 0 },
  'an empty kid': { kid: '' },
  'a kid with a semicolon': { kid: 'site-a;x' },
  'a kid with a line break': { kid: 'site-a\n' },
};
for (const [what, more] of Object.entries(spellings))
  test(`${what} is malformed, though it is signed`, (t) => t.is(verdict(sign(more)), 'malformed'));

const edits: Readonly<Record<string, (header: string) => string>> = {
  'a time with a leading zero': (header) => header.replace(`t=${t0}`, `t=0${t0}`),
  'a time with a sign': (header) => header.replace(`t=${t0}`, `t=+${t0}`),
  'a MAC with padding': (header) => `${header}=`,
  'a MAC in plain base64': (header) => header.replace(/mac=.*/, `mac=${'+/'.repeat(21)}A`),
  'a MAC whose last digit sets unused bits': (header) => `${header.slice(0, -1)}B`,
  'a MAC that is one digit short': (header) => header.slice(0, -1),
  'another audience': (header) => header.replace('aud=boot', 'aud=admin'),
  'another version': (header) => header.replace('v1;', 'v2;'),
  'fields in another order': (header) => header.replace(/(hw=);(can=follow)/, '$2;$1'),
  'a field twice': (header) => header.replace('hw=', 'hw=;hw='),
  'a field more': (header) => header.replace(';mac', ';x=;mac'),
  'a field less': (header) => header.replace('hw=;', ''),
  'a space': (header) => header.replace(';', '; '),
  'a space at its end': (header) => `${header} `,
  'a line break at its end': (header) => `${header}\n`,
};
for (const [what, edit] of Object.entries(edits))
  test(`a header with ${what} is malformed`, (t) => {
    t.not(edit(sign()), sign());
    t.is(verdict(edit(sign())), 'malformed');
  });

const statement = fc.record({
  kid: fc.constantFrom('site-a', 'cloud'),
  t: fc.integer({ min: t0 - 60, max: t0 + 60 }),
  address: fc.constantFrom('192.168.7.20', '10.10.0.2', 'fd00:7::20'),
  hw: fc.constantFrom(undefined, '52:54:00:aa:bb:01'),
  capabilities: fc.constantFrom([], ['cache'], ['follow'], ['cache', 'follow']),
});
const asked = fc.record({
  method: fc.constantFrom('GET', 'HEAD', 'POST'),
  target: fc.stringMatching(/^\/[\x21-\x7e]{0,40}$/),
});

test('what was signed is believed; with any one byte altered, of header, method or target, it is not', (t) => {
  fc.assert(
    fc.property(
      statement,
      asked,
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      ({ hw, ...rest }, { method, target }, where, flip) => {
        const signed = { ...rest, ...(hw !== undefined && { hw }) };
        const header = edgeHeader(signed, { method, target }, key(rest.kid).secret);
        const rawHeaders = (value: string) => ['X-Boot-Edge', value];
        const ok = (value: string, as: typeof request) =>
          verifyEdge({ ...as, rawHeaders: rawHeaders(value) }, trust, at(t0)).ok;
        const altered = (text: string) => {
          const bytes = Buffer.from(text, 'latin1');
          const place = where % bytes.length;
          bytes[place] = (bytes[place] ?? 0) ^ flip;
          return bytes.toString('latin1');
        };
        t.true(ok(header, { method, target }));
        t.false(ok(altered(header), { method, target }));
        t.false(ok(header, { method: altered(method), target }));
        t.false(ok(header, { method, target: altered(target) }));
        t.false(ok(header, { method, target: `${target}x` }));
        t.false(ok(header, { method, target: target.slice(0, -1) }));
      },
    ),
    { numRuns: 1000 },
  );
});

test('whatever is sent instead of a header, nothing throws and nobody is vouched for', (t) => {
  const piece = fc.constantFrom(
    ...'v1;kid=site-a;aud=boot;t=1795295381;addr=::1;hw=;can=;mac='.split(/(?<=;)/),
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece).map((pieces) => pieces.join('')),
  );
  fc.assert(fc.property(text, (value) => t.false(judge(value).ok)));
});
