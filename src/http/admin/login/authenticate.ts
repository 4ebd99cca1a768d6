import { isIP } from 'node:net';
import type { Actor } from '../../../boot/access/actor.ts';
import { anyContains, canonicalAddress, parseNetwork } from '../../../boot/network.ts';
import { isRefusal, type Refusal, refuse } from '../../../boot/problem.ts';
import { sourceOf } from '../../../boot/source.ts';
import { answerProblem } from '../../plane/answer-problem.ts';
import { bearerOf, unauthenticated } from '../../plane/bearer.ts';
import { believeTrace } from '../../plane/believe-trace.ts';
import type { PlaneMiddleware } from '../../plane/context.ts';
import { believeRequestId, note } from '../../plane/request-log.ts';
import type { AdminContext, AdminMiddleware } from '../context.ts';
import type { AdminParts } from '../parts.ts';
import { identifier } from './identify.ts';

/** Before anything else of a request is read: only who is known gets on. From then on `ctx.state.by` is the Actor. */
export function authenticate(parts: AdminParts): AdminMiddleware {
  const identify = identifier(parts);
  return async (ctx, next) => {
    const bearer = bearerOf(ctx);
    const found = bearer === undefined ? noToken() : await identify(bearer);
    const address = addressOf(ctx, parts);
    const from = { at: parts.clock().toISOString(), ...(address && { address }) };
    if (!isRefusal(found)) {
      ctx.state.by = { ...found, ...from } satisfies Actor;
      note(ctx, { by: `${found.kind} ${found.id}` });
      return next();
    }
    // Who shows nothing tries nothing: browsers and port scanners are no news.
    if (ctx.get('Authorization') && found.problem === 'unauthenticated')
      parts.refusals.note({ kind: 'anonymous', id: 'unknown', ...from }, 'authenticate', found.detail);
    answerProblem(ctx, found);
  };
}

function noToken(): Refusal {
  return unauthenticated(
    'Send Authorization: Bearer with an API token, or with the token of BROKER_ADMIN_TOKEN or of the file admin-token in the data folder.',
  );
}

/** For the audit log alone, nobody is admitted by it: the peer, or whom a trusted proxy names. */
function addressOf(
  ctx: AdminContext,
  { trustedProxies }: Pick<AdminParts, 'trustedProxies'>,
): string | undefined {
  const peer = ctx.req.socket.remoteAddress;
  const source = sourceOf(peer, ctx.get('X-Forwarded-For'), { allowed: everywhere, trustedProxies });
  return isRefusal(source) ? canonicalAddress(peer ?? '') : source.address;
}

/** A proxy in front says which request of its own this is. */
export function nameByProxy({ trustedProxies }: Pick<AdminParts, 'trustedProxies'>): PlaneMiddleware {
  return (ctx, next) => {
    if (anyContains(trustedProxies, ctx.req.socket.remoteAddress ?? '')) believeRequestId(ctx);
    return next();
  };
}

/**
 * The trace that a proxy in front is in: a trusted one's, or that of Cloud Run's own front, by which all that comes there comes.
 * That front passes on what its client says of a trace, so only what is known who sent it gets here.
 */
export function traceByProxy(
  parts: Pick<AdminParts, 'trustedProxies' | 'onCloudRun' | 'project' | 'tracing'>,
): PlaneMiddleware {
  return (ctx, next) => {
    const isFront = parts.onCloudRun || anyContains(parts.trustedProxies, ctx.req.socket.remoteAddress ?? '');
    if (isFront) believeTrace(ctx, parts, false);
    return next();
  };
}

const everywhere = ['0.0.0.0/0', '::/0'].flatMap((cidr) => parseNetwork(cidr) ?? []);

/**
 * A page in an administrator's browser can make any name of its own resolve to this address (DNS rebinding); it cannot make
 * the browser send a Host that is an address, or one of ours.
 */
export function knownHost(names: readonly string[]): PlaneMiddleware {
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
