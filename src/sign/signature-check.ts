import { type KeyObject, timingSafeEqual, verify } from 'node:crypto';
import { hmac, signingKey } from './hmac.ts';
import { PKCS1 } from './rsa.ts';
import type { Claim } from './signing-parameters.ts';

/** What a signature is checked with. An HMAC key never checks an RSA signature, nor the reverse. */
export type VerifyingKey =
  | { readonly algorithm: 'GOOG4-HMAC-SHA256'; readonly secret: string }
  | { readonly algorithm: 'GOOG4-RSA-SHA256'; readonly publicKey: KeyObject };

/**
 * Whether the claim's signature is the one of a string-to-sign. One spelling counts, lower-case hex of full length;
 * every other is simply wrong. HMAC is compared in constant time; in RSA there is no secret to leak.
 */
export function signatureCheck(key: VerifyingKey, claim: Claim): (stringToSign: string) => boolean {
  if (!/^(?:[0-9a-f]{2})+$/.test(claim.signature)) return () => false;
  const signature = Buffer.from(claim.signature, 'hex');
  if (key.algorithm === 'GOOG4-RSA-SHA256') {
    if (key.publicKey.asymmetricKeyType !== 'rsa') return () => false;
    const publicKey = { key: key.publicKey, padding: PKCS1 };
    return (text) => verify('sha256', Buffer.from(text), publicKey, signature);
  }
  if (signature.length !== 32) return () => false;
  const derived = signingKey(key.secret, claim.scope);
  return (text) => timingSafeEqual(hmac(derived, text), signature);
}
