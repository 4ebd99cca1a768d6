import { createHash, timingSafeEqual } from 'node:crypto';
import type { ApiToken } from './token.ts';

/**
 * `bb_ID_SECRET`, both in hex. The prefix lets scanners for leaked secrets, and our own log, know one when they see it; the
 * id finds the record in one read without comparing secrets; the secret is 256 random bits, which need no slow hash.
 */
const form = /^bb_([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})_([0-9a-f]{64})$/;

/** What its holder is given, once. `secret` is 64 hex digits. */
export function tokenText(id: string, secret: string): string {
  return `bb_${id.replaceAll('-', '')}_${secret}`;
}

/** Which token it says it is, and with what secret; undefined when it is none. */
export function parseTokenText(text: string): { readonly id: string; readonly secret: string } | undefined {
  const [whole, ...parts] = form.exec(text) ?? [];
  const secret = parts.pop();
  return whole && secret ? { id: parts.join('-'), secret } : undefined;
}

export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** In constant time. */
export function opens(secret: string, { hash }: ApiToken): boolean {
  return timingSafeEqual(Buffer.from(hashOf(secret)), Buffer.from(hash));
}

/** Why a token with the right secret opens nothing any more. */
export function deadline({ expires_at, revoked_at }: ApiToken, now: Date): 'revoked' | 'expired' | undefined {
  if (revoked_at !== undefined) return 'revoked';
  return expires_at !== undefined && Date.parse(expires_at) <= now.getTime() ? 'expired' : undefined;
}
