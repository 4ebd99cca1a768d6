import { constants, createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { promisify } from 'node:util';
import type { Signer } from './v4.ts';

/** RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 8.2), said aloud so that no other kind of key slips in. */
export const PKCS1 = constants.RSA_PKCS1_PADDING;

/** With a callback `sign` runs in the thread pool: on the event loop each signature would stop every transfer for 0.4 ms or more. */
const signInPool = promisify(sign);

/** Signs with a service account's private key (PEM), off the event loop. Throws on a key that is not RSA. */
export function rsaSigner({ email, privateKey }: { email: string; privateKey: string | KeyObject }): Signer {
  // Parsed once: parsing costs more than signing.
  const key = typeof privateKey === 'string' ? createPrivateKey(privateKey) : privateKey;
  if (key.type !== 'private' || key.asymmetricKeyType !== 'rsa')
    throw new TypeError(
      `The key of ${email} is no RSA private key: download a new JSON key of the service account`,
    );
  return {
    algorithm: 'GOOG4-RSA-SHA256',
    identity: email,
    sign: async (stringToSign) => {
      const signature = await signInPool('sha256', Buffer.from(stringToSign), { key, padding: PKCS1 });
      return signature.toString('hex');
    },
  };
}
