import { createHash } from 'node:crypto';
import test from 'ava';
import fc from 'fast-check';
import { hmacSigner } from '../../src/sign/hmac.ts';
import { signUrl } from '../../src/sign/v4.ts';
import { verifyUrl } from '../../src/sign/verify.ts';
import { bucketName, futureTime, headers, lifetime, objectName, query } from './arbitraries.ts';
import { receive } from './received.ts';

const sha256 = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();

/** HMAC-SHA256 from the bare hash, step by step (RFC 2104 section 2). */
function hmacByHand(key: Buffer, text: string): Buffer {
  const block = Buffer.alloc(64);
  (key.length > 64 ? sha256(key) : key).copy(block);
  const inner = sha256(
    block.map((byte) => byte ^ 0x36),
    Buffer.from(text),
  );
  return sha256(
    block.map((byte) => byte ^ 0x5c),
    inner,
  );
}

test('HMAC by hand is HMAC: RFC 4231 test case 2', (t) => {
  t.is(
    hmacByHand(Buffer.from('Jefe'), 'what do ya want for nothing?').toString('hex'),
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  );
});

test('an HMAC URL carries the signature of its own canonical request, computed a second way, and is accepted', async (t) => {
  const cases = fc.record({
    secret: fc.string({ minLength: 1, maxLength: 100, unit: 'binary' }).filter((text) => text.isWellFormed()),
    location: fc.constantFrom('auto', 'us-east1', 'a'),
    method: fc.constantFrom('GET', 'HEAD', 'PUT', 'POST', 'DELETE'),
    bucket: bucketName,
    object: objectName,
    query,
    headers,
    now: futureTime,
    expiresSeconds: lifetime,
  });
  await fc.assert(
    fc.asyncProperty(
      cases,
      async ({ secret, location, method, bucket, object, query, headers, now, expiresSeconds }) => {
        const accessId = 'GOOG1EXAMPLEACCESSID';
        const url = await signUrl(
          { method, bucket, object, query, headers, endpoint: 'http://127.0.0.1:8082' },
          hmacSigner({ accessId, secret }),
          { now, expiresSeconds, location },
        );
        const [unsigned = '', signature = ''] = url.split('&X-Goog-Signature=');

        const lower = Object.entries(headers).map(
          ([name, value]) => [name.toLowerCase(), value.trim().replace(/ +/g, ' ')] as const,
        );
        const lines = [...lower, ['host', '127.0.0.1'] as const].sort(([a], [b]) => (a < b ? -1 : 1));
        const path = unsigned.slice('http://127.0.0.1:8082'.length, unsigned.indexOf('?'));
        const canonical = [
          `${method}\n${path}\n${unsigned.slice(unsigned.indexOf('?') + 1)}\n`,
          ...lines.map(([name, value]) => `${name}:${value}\n`),
          `\n${lines.map(([name]) => name).join(';')}\nUNSIGNED-PAYLOAD`,
        ].join('');
        const timestamp = now.toISOString().replace(/[-:]|\.\d{3}/g, '');
        const day = timestamp.slice(0, 8);
        const digest = sha256(Buffer.from(canonical)).toString('hex');
        const text = `GOOG4-HMAC-SHA256\n${timestamp}\n${day}/${location}/storage/goog4_request\n${digest}`;
        const forDay = hmacByHand(Buffer.from(`GOOG4${secret}`), day);
        const forService = hmacByHand(hmacByHand(forDay, location), 'storage');
        t.is(signature, hmacByHand(hmacByHand(forService, 'goog4_request'), text).toString('hex'));

        const keyOf = (identity: string) =>
          identity === accessId ? ({ algorithm: 'GOOG4-HMAC-SHA256', secret } as const) : undefined;
        const verdict = verifyUrl(receive(url, { method, headers }), keyOf, now);
        t.like(verdict, { ok: true, bucket, object, identity: accessId });
        t.deepEqual(verdict.ok && Object.fromEntries(verdict.query), query);
      },
    ),
    { numRuns: 500 },
  );
});
