import { refuse } from '../../boot/problem.ts';
import { answerProblem } from '../plane/answer-problem.ts';
import type { PlaneMiddleware } from '../plane/context.ts';

/**
 * A page in a browser can make any name of its own resolve to this address (DNS rebinding), and then read what machines are
 * given. Where the names of the plane are listed, no other Host is served, addresses included; with an empty list,
 * every Host is.
 */
export function listedHost(hosts: readonly string[]): PlaneMiddleware {
  return async (ctx, next) => {
    if (hosts.length === 0 || isListed(ctx.req.headers.host ?? '', hosts)) return next();
    answerProblem(
      ctx,
      refuse(
        'misdirected',
        'This host name is not served here. Ask under one of BROKER_BOOT_HOSTS, or add this one to it.',
      ),
    );
  };
}

/** With its port, or without where the list names none. */
function isListed(host: string, hosts: readonly string[]): boolean {
  const written = host.toLowerCase();
  return hosts.includes(written) || hosts.includes(written.replace(/:\d+$/, ''));
}
