import { createPublicKey, type KeyObject } from 'node:crypto';

/** A signer's key from its settings. Throws, saying whose cannot be read. */
export function publicKeyOf(identity: string, pem: string): KeyObject {
  try {
    return createPublicKey(pem);
  } catch (cause) {
    throw new Error(`the public key of ${identity} cannot be read: give it as PEM`, { cause });
  }
}
