import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { Context, Middleware } from 'koa';
import type { Actor } from '../boot/actor.ts';
import { canonicalAddress } from '../boot/network.ts';
import { refuse } from '../boot/problem.ts';
import { answerProblem } from './errors.ts';
import type { AdminParts } from './parts.ts';

/** Whether the request carries this token as a bearer (RFC 6750 section 2.1). Compared in constant time, whatever its length. */
export function isBearer(ctx: Context, token: string): boolean {
  const [, given = ''] = /^Bearer +([\x21-\x7e]+)$/i.exec(ctx.get('Authorization')) ?? [];
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}

/** Before anything else of a request is read: only who has the token gets on. From then on `ctx.state.by` is the Actor. */
export function authenticate({ adminToken, clock }: Pick<AdminParts, 'adminToken' | 'clock'>): Middleware {
  return async (ctx, next) => {
    if (isBearer(ctx, adminToken)) {
      const address = canonicalAddress(ctx.req.socket.remoteAddress ?? '');
      ctx.state.by = {
        kind: 'bootstrap',
        id: 'admin-token',
        role: 'admin',
        at: clock().toISOString(),
        ...(address && { address }),
      } satisfies Actor;
      return next();
    }
    answerProblem(
      ctx,
      refuse(
        'unauthenticated',
        'Send Authorization: Bearer with the token of BROKER_ADMIN_TOKEN, or of the file admin-token in the data folder.',
        { 'WWW-Authenticate': 'Bearer' },
      ),
    );
  };
}

/**
 * A page in an administrator's browser can make any name of its own resolve to this address (DNS rebinding); it cannot make
 * the browser send a Host that is an address, or one of ours.
 */
export function knownHost(names: readonly string[]): Middleware {
  return async (ctx, next) => {
    const [, v6, name = ''] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]*))(?::\d+)?$/i.exec(ctx.get('Host')) ?? [];
    const host = v6 ?? name.toLowerCase();
    if (isIP(host) || host === 'localhost' || names.includes(host)) return next();
    answerProblem(
      ctx,
      refuse(
        'misdirected',
        'This host name is not served. Use an address or localhost, or add the name to BROKER_ADMIN_HOSTS.',
      ),
    );
  };
}
