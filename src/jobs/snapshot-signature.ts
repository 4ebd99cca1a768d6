import { createHmac, timingSafeEqual } from 'node:crypto';

/** Stands before what is signed, so that a signature means nothing else anywhere else. */
const purpose = 'bootbroker-snapshot-v1';
const macLength = 64;

/** `purpose MAC\n` and the content; MAC is HMAC-SHA256 in hex over the purpose, a newline and the content's very bytes. */
export function seal(content: Buffer, key: string): Buffer {
  return Buffer.concat([head(content, key), content]);
}

/** The content; undefined unless the holder of the key sealed it. */
export function unseal(sealed: Buffer, key: string): Buffer | undefined {
  const length = purpose.length + 1 + macLength + 1;
  const content = sealed.subarray(length);
  const found = sealed.subarray(0, length);
  return found.length === length && timingSafeEqual(found, head(content, key)) ? content : undefined;
}

function head(content: Buffer, key: string): Buffer {
  return Buffer.from(`${purpose} ${mac(content, key)}\n`);
}

function mac(content: Buffer, key: string): string {
  return createHmac('sha256', key).update(`${purpose}\n`).update(content).digest('hex');
}
