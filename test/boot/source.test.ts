import test from 'ava';
import { parseNetwork } from '../../src/boot/network.ts';
import type { Refusal } from '../../src/boot/problem.ts';
import { sourceOf, vouchedSource } from '../../src/boot/source.ts';

const networks = (...cidrs: string[]) => cidrs.flatMap((cidr) => parseNetwork(cidr) ?? []);
const policy = { allowed: networks('10.0.0.0/8'), trustedProxies: networks('192.0.2.0/24', '10.1.1.1') };

const cases: readonly {
  readonly peer: string | undefined;
  readonly forwarded?: string;
  readonly is: string;
}[] = [
  { peer: '10.0.0.5', is: '10.0.0.5 by peer' },
  { peer: '::ffff:10.0.0.5', is: '10.0.0.5 by peer' },
  { peer: '8.8.8.8', is: 'refused' },
  { peer: undefined, is: 'refused' },
  // a peer that is no proxy says what it likes
  { peer: '10.0.0.5', forwarded: '10.7.7.7', is: '10.0.0.5 by peer' },
  { peer: '8.8.8.8', forwarded: '10.7.7.7', is: 'refused' },
  // from the right, the first hop that is no proxy; what stands left of it came from the client
  { peer: '192.0.2.1', forwarded: '10.7.7.7', is: '10.7.7.7 by forwarded' },
  { peer: '192.0.2.1', forwarded: '10.6.6.6, 10.7.7.7', is: '10.7.7.7 by forwarded' },
  { peer: '192.0.2.1', forwarded: '10.7.7.7, 192.0.2.9', is: '10.7.7.7 by forwarded' },
  { peer: '192.0.2.1', forwarded: '10.7.7.7,8.8.8.8 , 192.0.2.9', is: 'refused' },
  { peer: '10.1.1.1', forwarded: '10.7.7.7', is: '10.7.7.7 by forwarded' },
  // a trusted proxy without a usable hop vouches for nobody, itself included
  { peer: '10.1.1.1', is: 'refused' },
  { peer: '10.1.1.1', forwarded: '', is: 'refused' },
  { peer: '10.1.1.1', forwarded: '192.0.2.9', is: 'refused' },
  { peer: '10.1.1.1', forwarded: '10.7.7.7, unknown', is: 'refused' },
  // some proxies write the port of their peer (RFC 7239 section 6 does, too)
  { peer: '10.1.1.1', forwarded: '10.6.6.6, 10.7.7.8:51234', is: '10.7.7.8 by forwarded' },
  { peer: '10.1.1.1', forwarded: '[::ffff:10.7.7.8]:443', is: '10.7.7.8 by forwarded' },
  { peer: '10.1.1.1', forwarded: '[::ffff:10.7.7.8]', is: '10.7.7.8 by forwarded' },
  { peer: '10.1.1.1', forwarded: '10.7.7.7:80, 192.0.2.9:443', is: '10.7.7.7 by forwarded' },
  { peer: '10.1.1.1', forwarded: '[2001:db8::1]:443', is: 'refused' },
  ...[
    '10.7.7.7:',
    ':80',
    '10.7.7.7:http',
    '[10.7.7.7]:80',
    '[::1',
    '10.7.7.7:80:80',
    '::10.7.7.7',
    '[::10.7.7.7]:80',
  ].map((forwarded) => ({ peer: '10.1.1.1', forwarded, is: 'refused' })),
];

for (const { peer, forwarded, is } of cases)
  test(`peer ${peer}${forwarded === undefined ? '' : `, X-Forwarded-For "${forwarded}"`}: ${is}`, (t) => {
    const source = sourceOf(peer, forwarded, policy);
    if (source.kind === 'source') t.is(`${source.address} by ${source.via}`, is);
    else t.deepEqual([source.problem, is], ['source-not-allowed', 'refused']);
  });

test('a refusal of X-Forwarded-For says which hop, and why', (t) => {
  const said = (forwarded: string | undefined) => (sourceOf('10.1.1.1', forwarded, policy) as Refusal).detail;
  t.regex(said(undefined), /^The trusted proxy 10\.1\.1\.1 names no client in X-Forwarded-For\. Make/);
  t.regex(
    said('10.7.7.7, un\tknown, 192.0.2.9'),
    /the hop "un\?known" is no IP address, with or without a port\. Make/,
  );
  t.regex(
    said('192.0.2.9, 192.0.2.8'),
    /All hops of X-Forwarded-For \(192\.0\.2\.9, 192\.0\.2\.8\) are trusted proxies/,
  );
  t.true(said('x'.repeat(10_000)).length < 300);
});

test('an edge says which address is calling, and what else it knows; who may boot is another matter', (t) => {
  const said = { kid: 'site-a', hw: '52:54:00:aa:bb:01', capabilities: ['follow'] };
  t.deepEqual(vouchedSource({ ok: true, address: '10.0.0.5', ...said }, policy), {
    kind: 'source',
    address: '10.0.0.5',
    via: 'edge',
    edge: said,
  });
  const stranger = vouchedSource({ ok: true, address: '8.8.8.8', ...said }, policy);
  t.like(stranger, { kind: 'refuse', problem: 'source-not-allowed' });
  const refused = vouchedSource({ ok: false, failure: 'stale', message: 'Too late' }, policy);
  t.like(refused, { kind: 'refuse', problem: 'not-vouched', detail: 'Too late.' });
});
