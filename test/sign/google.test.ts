import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { Storage } from '@google-cloud/storage';
import test from 'ava';
import fc from 'fast-check';
import { rsaSigner } from '../../src/sign/rsa.ts';
import { type Signer, signUrl } from '../../src/sign/v4.ts';
import { verifyUrl } from '../../src/sign/verify.ts';
import { bucketName, futureTime, headers, lifetime, objectName, query } from './arbitraries.ts';
import { receive } from './received.ts';

const identities = [
  'signer@project.iam.gserviceaccount.com',
  'another-one@other.iam.gserviceaccount.com',
].map((email) => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { email, privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
});

const actions = { GET: 'read', PUT: 'write', DELETE: 'delete', POST: 'resumable' } as const;

/** Google's client, and the last string it signed. */
function googleClient({ email, privateKey }: { email: string; privateKey: string }) {
  const storage = new Storage({ projectId: 'project' });
  storage.authClient.jsonContent = { type: 'service_account', client_email: email, private_key: privateKey };
  const client = { storage, signed: '' };
  const sign = storage.authClient.sign.bind(storage.authClient);
  storage.authClient.sign = (stringToSign: string) => {
    client.signed = stringToSign;
    return sign(stringToSign);
  };
  return client;
}

/** What a URL means: everything in it decoded once, and the order of its parameters forgotten. */
function meaning(url: string) {
  const { protocol, host } = new URL(url);
  const [, path = '', search = ''] = /^https?:\/\/[^/]+([^?]*)\?(.*)$/.exec(url) ?? [];
  const parameters = search.split('&').map((pair) => pair.split('=').map(decodeURIComponent));
  return { protocol, host, path: decodeURIComponent(path), parameters: parameters.sort() };
}

test("our URL means what Google's client's URL means, signs the same text and is accepted", async (t) => {
  const clients = identities.map(googleClient);
  const cases = fc.record({
    who: fc.nat({ max: identities.length - 1 }),
    method: fc.constantFrom(...(Object.keys(actions) as (keyof typeof actions)[])),
    bucket: bucketName,
    object: objectName,
    query,
    headers,
    style: fc.constantFrom('path', 'virtual-hosted', 'bucket-bound'),
    endpoint: fc.constantFrom('https://boot.example', 'http://127.0.0.1:4443', 'http://[::1]:8082'),
    now: futureTime,
    expiresSeconds: lifetime,
  });
  await fc.assert(
    fc.asyncProperty(
      cases,
      async ({ who, method, bucket, object, query, headers, style, endpoint, now, expiresSeconds }) => {
        const { email, privateKey } = identities[who] as (typeof identities)[number];
        const google = clients[who] as (typeof clients)[number];
        const place = {
          path: { host: endpoint },
          'virtual-hosted': { virtualHostedStyle: true },
          'bucket-bound': { cname: endpoint },
        };
        const [theirs] = await google.storage
          .bucket(bucket)
          .file(object)
          .getSignedUrl({
            version: 'v4',
            action: actions[method],
            accessibleAt: now,
            expires: new Date(now.getTime() + expiresSeconds * 1000),
            queryParams: query,
            extensionHeaders: headers,
            ...place[style],
          });

        let signed = '';
        const signer = rsaSigner({ email, privateKey });
        const noting: Signer = {
          ...signer,
          sign: (stringToSign, scope) => {
            signed = stringToSign;
            return signer.sign(stringToSign, scope);
          },
        };
        const sent = method === 'POST' ? { ...headers, 'x-goog-resumable': 'start' } : headers;
        const ours = await signUrl(
          {
            method,
            bucket,
            object,
            query,
            headers: sent,
            style,
            ...(style !== 'virtual-hosted' && { endpoint }),
          },
          noting,
          { now, expiresSeconds },
        );

        t.deepEqual(meaning(ours), meaning(theirs));
        // The last line is the canonical request's SHA-256, so the same text is the same canonical request.
        t.is(signed, google.signed);

        const publicKey = createPublicKey(privateKey);
        const keyOf = () => ({ algorithm: 'GOOG4-RSA-SHA256', publicKey }) as const;
        const bucketOf = () => (style === 'path' ? undefined : bucket);
        for (const url of [ours, theirs]) {
          const verdict = verifyUrl(receive(url, { method, headers: sent }), keyOf, now, { bucketOf });
          t.like(verdict, { ok: true, bucket, object, identity: email });
          t.deepEqual(verdict.ok && Object.fromEntries(verdict.query), query);
        }
        const unsigned = verifyUrl(
          receive(ours.replace(/X-Goog-Signature=.*/, 'X-Goog-Signature=00'), { method, headers: sent }),
          keyOf,
          now,
          { bucketOf },
        );
        t.false(unsigned.ok);
        const digest = createHash('sha256')
          .update((!unsigned.ok && unsigned.canonicalRequest) || '')
          .digest('hex');
        t.is(signed.split('\n').at(-1), digest);
      },
    ),
    { numRuns: 500 },
  );
});
