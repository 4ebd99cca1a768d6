import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import test from 'ava';
import { signUrl, type UrlRequest } from '../../src/sign/v4.ts';
import { verifyUrl } from '../../src/sign/verify.ts';
import { receive } from './received.ts';

interface Vector {
  description: string;
  bucket: string;
  object?: string;
  method: UrlRequest['method'];
  /** seconds */
  expiration: number;
  timestamp: string;
  scheme?: string;
  urlStyle?: 'PATH_STYLE' | 'VIRTUAL_HOSTED_STYLE' | 'BUCKET_BOUND_HOSTNAME';
  bucketBoundHostname?: string;
  hostname?: string;
  clientEndpoint?: string;
  emulatorHostname?: string;
  universeDomain?: string;
  headers?: Record<string, string>;
  queryParameters?: Record<string, string>;
  expectedUrl: string;
  expectedCanonicalRequest: string;
  expectedStringToSign: string;
}

const vectors = new URL('../vectors/', import.meta.url);
const cases: Vector[] = JSON.parse(
  readFileSync(new URL('v4_signatures.json', vectors), 'utf8'),
).signingV4Tests;
const publicKey = createPublicKey(readFileSync(new URL('test_public_key.pem', vectors)));
const identity = 'test-iam-credentials@dummy-project-id.iam.gserviceaccount.com';
const contradictsItself = 'Universe domain with virtual hosted style';

const styles = {
  PATH_STYLE: 'path',
  VIRTUAL_HOSTED_STYLE: 'virtual-hosted',
  BUCKET_BOUND_HOSTNAME: 'bucket-bound',
} as const;

/** Which of a client's settings wins, as the vectors' own descriptions have it. */
function endpointOf(vector: Vector): string {
  const host =
    vector.bucketBoundHostname ??
    vector.hostname ??
    vector.clientEndpoint ??
    vector.emulatorHostname ??
    `storage.${vector.universeDomain ?? 'googleapis.com'}`;
  return host.includes('://') ? host : `${vector.scheme ?? 'https'}://${host}`;
}

test('there are 29 signing vectors, and exactly one contradicts itself', (t) => {
  t.is(cases.length, 29);
  const contradicting = cases.filter(
    ({ expectedCanonicalRequest, expectedStringToSign }) =>
      !expectedStringToSign.endsWith(createHash('sha256').update(expectedCanonicalRequest).digest('hex')),
  );
  t.deepEqual(
    contradicting.map(({ description }) => description),
    [contradictsItself],
  );
});

for (const vector of cases) {
  const run = vector.description === contradictsItself ? test.skip : test;
  run(`vector: ${vector.description}`, async (t) => {
    const signature = new URL(vector.expectedUrl).searchParams.get('X-Goog-Signature') ?? '';
    const asked: string[] = [];
    // The private key stays with Google: this signer knows one signature and notes what it was asked to sign.
    const signer = {
      algorithm: 'GOOG4-RSA-SHA256',
      identity,
      sign: (stringToSign: string) => {
        asked.push(stringToSign);
        return signature;
      },
    } as const;
    const { bucket, object, method, headers = {}, queryParameters = {}, urlStyle = 'PATH_STYLE' } = vector;
    const now = new Date(vector.timestamp);
    const url = await signUrl(
      {
        method,
        bucket,
        ...(object !== undefined && { object }),
        endpoint: endpointOf(vector),
        style: styles[urlStyle],
        headers,
        query: queryParameters,
      },
      signer,
      { now, expiresSeconds: vector.expiration },
    );
    t.is(url, vector.expectedUrl);
    t.deepEqual(asked, [vector.expectedStringToSign]);
    t.true(
      verify('sha256', Buffer.from(vector.expectedStringToSign), publicKey, Buffer.from(signature, 'hex')),
    );

    const received = receive(url, { method, headers });
    const bucketOf = () => (urlStyle === 'PATH_STYLE' ? undefined : bucket);
    const keyOf = (name: string) =>
      name === identity ? ({ algorithm: 'GOOG4-RSA-SHA256', publicKey } as const) : undefined;
    const verdict = verifyUrl(received, keyOf, now, { bucketOf });
    t.like(verdict, { ok: true, bucket, object, identity });

    const target = received.target.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
    const refusal = verifyUrl({ ...received, target }, keyOf, now, { bucketOf });
    t.like(refusal, {
      ok: false,
      failure: { kind: 'wrong-signature' },
      canonicalRequest: vector.expectedCanonicalRequest,
      stringToSign: vector.expectedStringToSign,
    });
  });
}
