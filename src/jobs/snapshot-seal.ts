import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** Stands before what is sealed, and is sealed with it, so that it means nothing else anywhere else. */
const purpose = Buffer.from('bootbroker-snapshot-v2\n');
/** What versions before it published: signed, and readable for whoever reads the bucket. */
const readable = Buffer.from('bootbroker-snapshot-v1 ');

/** In bytes: of HKDF's salt, so that each snapshot has a key of its own; of GCM's nonce and tag (NIST SP 800-38D). */
const sizes = { salt: 32, nonce: 12, tag: 16 } as const;

/**
 * `purpose`, salt, nonce, tag and the content by AES-256-GCM: who lacks the key can neither read nor make one. Its key comes from
 * the shared one by HKDF-SHA256 (RFC 5869), under the purpose, so that what else the shared one does stays apart.
 */
export function seal(content: Buffer, key: string): Buffer {
  const salt = randomBytes(sizes.salt);
  const nonce = randomBytes(sizes.nonce);
  const cipher = createCipheriv('aes-256-gcm', derived(key, salt), nonce, { authTagLength: sizes.tag });
  cipher.setAAD(purpose);
  const sealed = Buffer.concat([cipher.update(content), cipher.final()]);
  return Buffer.concat([purpose, salt, nonce, cipher.getAuthTag(), sealed]);
}

/** The content; undefined unless the holder of the key sealed it. */
export function unseal(sealed: Buffer, key: string): Buffer | undefined {
  let at = 0;
  const next = (length: number) => {
    at += length;
    return sealed.subarray(at - length, at);
  };
  const [head, salt, nonce, tag] = [purpose.length, sizes.salt, sizes.nonce, sizes.tag].map(next);
  if (!head?.equals(purpose) || !salt || !nonce || tag?.length !== sizes.tag) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', derived(key, salt), nonce, { authTagLength: sizes.tag });
  decipher.setAAD(purpose).setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(sealed.subarray(at)), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** Whether it is one that everybody could read: of a version before. */
export function isReadable(sealed: Buffer): boolean {
  return sealed.subarray(0, readable.length).equals(readable);
}

function derived(key: string, salt: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', key, salt, purpose, 32));
}
