import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { ExecutionContext } from 'ava';
import { exportJWK, type JWTPayload, SignJWT } from 'jose';
import { type FakeServer, fakeServer, json } from './fake-server.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
/** A key that no issuer publishes. */
export const strangersKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
export const issuersKey = rsa.privateKey;

export const audience = 'https://broker.example';

export interface FakeIssuer extends FakeServer {
  /** A good token for `audience`, but for what is said. */
  token(claims?: JWTPayload, signing?: Signing): Promise<string>;
}

export interface Signing {
  readonly alg?: string;
  readonly kid?: string;
  readonly key?: KeyObject | Uint8Array;
}

/** The PEM of the public key, which somebody may try as a shared secret. */
export const issuersPem = String(rsa.publicKey.export({ type: 'spki', format: 'pem' }));

/** An OIDC issuer: its discovery document, its keys, and tokens of theirs. */
export async function fakeIssuer(t: ExecutionContext): Promise<FakeIssuer> {
  const keys = [await published(rsa.publicKey, 'rsa', 'RS256'), await published(ec.publicKey, 'ec', 'ES256')];
  const server: FakeServer = await fakeServer(t, ({ url }) => {
    const { origin } = server;
    if (url === '/.well-known/openid-configuration')
      return json({ issuer: origin, jwks_uri: `${origin}/keys` });
    return url === '/keys' ? json({ keys }) : { status: 404 };
  });
  return Object.assign(server, {
    token: (claims: JWTPayload = {}, { alg = 'RS256', kid = 'rsa', key = rsa.privateKey }: Signing = {}) => {
      const now = Math.floor(Date.now() / 1000);
      const usual = { iss: server.origin, aud: audience, sub: '1234', iat: now, exp: now + 3600 };
      const payload = Object.fromEntries(
        Object.entries({ ...usual, ...claims }).filter(([, value]) => value !== undefined),
      );
      return new SignJWT(payload).setProtectedHeader({ alg, kid }).sign(key);
    },
  });
}

export const ecKey = ec.privateKey;

/** A token by hand, which no library would make. */
export function forged(header: object, claims: object, signature: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part(header)}.${part(claims)}.${signature}`;
}

async function published(key: KeyObject, kid: string, alg: string) {
  return { ...(await exportJWK(key)), kid, alg, use: 'sig' };
}
