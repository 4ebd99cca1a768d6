import { generateKeyPairSync } from 'node:crypto';
import { hmacSigner } from '../../src/sign/hmac.ts';
import { rsaSigner } from '../../src/sign/rsa.ts';
import type { VerifyingKey } from '../../src/sign/verify.ts';

const accessId = 'GOOG1EXAMPLEACCESSID';
const secret = 'an example, no secret';
const email = 'signer@project.iam.gserviceaccount.com';
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

export const hmac = hmacSigner({ accessId, secret });
export const rsa = rsaSigner({ email, privateKey });
export const hmacKey: VerifyingKey = { algorithm: 'GOOG4-HMAC-SHA256', secret };
export const rsaKey: VerifyingKey = { algorithm: 'GOOG4-RSA-SHA256', publicKey };

/** Knows the public half of both signers. */
export function keyOf(identity: string): VerifyingKey | undefined {
  return identity === accessId ? hmacKey : identity === email ? rsaKey : undefined;
}
