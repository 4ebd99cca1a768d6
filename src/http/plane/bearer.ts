import { createHash, timingSafeEqual } from 'node:crypto';
import { type Refusal, refuse } from '../../boot/problem.ts';
import type { PlaneContext } from './context.ts';

/** The bearer token of the request (RFC 6750 section 2.1: of its header; one in the URL would end up in logs, and is none). */
export function bearerOf(ctx: PlaneContext): string | undefined {
  return /^Bearer +([\x21-\x7e]+)$/i.exec(ctx.get('Authorization'))?.[1];
}

/** Whether the request carries this token as a bearer. Compared in constant time, whatever its length. */
export function isBearer(ctx: PlaneContext, token: string): boolean {
  return sameText(bearerOf(ctx) ?? '', token);
}

/** Compared in constant time, whatever the length. */
export function sameText(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

export function unauthenticated(detail: string): Refusal {
  return refuse('unauthenticated', detail, { 'WWW-Authenticate': 'Bearer' });
}
