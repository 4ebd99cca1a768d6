import type { IncomingMessage } from 'node:http';
import { isRefusal, type Refusal, refuse } from '../../boot/problem.ts';
import { repeatedHeader } from '../../bounds/single-headers.ts';
import { streamOf } from './answer-end.ts';
import { answerProblem } from './answer-problem.ts';
import type { PlaneMiddleware } from './context.ts';
import { readTarget } from './request-target.ts';

/** Host and port in every spelling of clients, with a zone as well; or nothing. No comma: two of them would be joined by it. */
const hostField = /^[A-Za-z0-9._~!$&'()*+;=%:[\]-]*$/;

/**
 * Comes before whatever reads the request: what two readers could take for two different requests is refused. From here on path
 * and Host are the ones that count; as they came they stand in `ctx.originalUrl` and the raw headers.
 */
export function checkRequest(plane: 'boot' | 'admin'): PlaneMiddleware {
  return (ctx, next) => {
    const isHttp2 = streamOf(ctx.res) !== undefined;
    const refusal = messageRefusal(ctx.req, isHttp2);
    if (refusal) return answerProblem(ctx, refusal);
    const target = readTarget(ctx.req.url ?? '', { plane, mayBeAbsolute: !isHttp2 });
    if (isRefusal(target)) return answerProblem(ctx, target);
    if (target.origin !== ctx.req.url) ctx.req.url = target.origin;
    if (target.authority !== undefined) ctx.req.headers.host = target.authority;
    return next();
  };
}

function messageRefusal(req: IncomingMessage, isHttp2: boolean): Refusal | undefined {
  const { headers, rawHeaders, httpVersion } = req;
  const no = (detail: string) => refuse('bad-request', detail);
  if (!isHttp2 && !/^1\.[01]$/.test(httpVersion))
    return no('The request line says no version of HTTP/1. Send HTTP/1.1 (RFC 9112 section 2.3).');
  if (httpVersion === '1.1' && headers.host === undefined)
    return no('HTTP/1.1 needs a Host header (RFC 9112 section 3.2). Send one.');
  const repeated = repeatedHeader(rawHeaders);
  if (repeated) return no(`There is more than one ${repeated} header, and they need not agree. Send one.`);
  if (!hostField.test(headers.host ?? '')) return no('The Host header is no host and port. Send one.');
  // RFC 9113 section 8.3.1: what names two hosts is malformed.
  const { authority } = req as { authority?: string };
  if (isHttp2 && authority !== undefined && authority !== headers.host)
    return no('Host is another than :authority. Send one of them.');
  return undefined;
}
