import { generateKeyPairSync, sign } from 'node:crypto';
import type { VerifyingKey } from '../../src/sign/verify.ts';
import { type FakeServer, fakeServer, googleError, json } from './fake-server.ts';
import type { Owner } from './owner.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** What the signatures of every fake IAM are checked with. */
export const iamKey: VerifyingKey = { algorithm: 'GOOG4-RSA-SHA256', publicKey };

/** The same as text. */
export const iamKeyPem = String(publicKey.export({ type: 'spki', format: 'pem' }));

export interface FakeIam extends FakeServer {
  /** The access tokens that are taken. */
  readonly tokens: Set<string>;
}

/** IAM Credentials, as far as signBlob of one service account goes. */
export async function fakeIam(t: Owner, email: string): Promise<FakeIam> {
  const tokens = new Set(['good']);
  const server = await fakeServer(t, ({ method, url, headers, body }) => {
    const account = /^\/v1\/projects\/-\/serviceAccounts\/([^/]+):signBlob$/.exec(url)?.[1];
    if (method !== 'POST' || account === undefined)
      return googleError(404, 'NOT_FOUND', 'The requested URL was not found on this server.');
    if (!tokens.has(headers.authorization?.replace('Bearer ', '') ?? ''))
      return googleError(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.', {
        reason: 'ACCESS_TOKEN_EXPIRED',
      });
    if (decodeURIComponent(account) !== email)
      return googleError(404, 'NOT_FOUND', 'Not found; Gaia id not found for email');
    const { payload } = JSON.parse(body) as { payload: string };
    const signature = sign('sha256', Buffer.from(payload, 'base64'), privateKey);
    return json({ keyId: '0a1b2c', signedBlob: signature.toString('base64') });
  });
  return Object.assign(server, { tokens });
}
