import type { Context } from 'koa';
import { codes, type Refusal } from './refusal.ts';
import { bodyLength } from './request-body.ts';

/** The JSON API answers in JSON, everything else in XML. */
export function isJsonApi(path: string): boolean {
  return /^\/(?:upload\/|download\/|resumable\/upload\/|batch\/)?storage\/v1(?:\/|$)/.test(path);
}

export function answerRefusal(ctx: Context, refusal: Refusal): void {
  const { status } = codes[refusal.refused];
  // What a handler said before it had to refuse is about another answer.
  for (const name of ctx.res.getHeaderNames()) ctx.remove(name);
  // A body that nobody will read must not hold up the connection.
  if (bodyLength(ctx) !== 0 && !ctx.req.complete) ctx.set('Connection', 'close');
  if (status === 401) ctx.set('WWW-Authenticate', 'Bearer realm="localgcs"');
  ctx.set({ ...refusal.headers });
  ctx.status = status;
  if (isJsonApi(ctx.path)) ctx.body = jsonError(refusal);
  else {
    ctx.type = 'application/xml; charset=UTF-8';
    ctx.body = xmlError(refusal);
  }
}

/** Where the caller reached us, for the links that we hand out. */
export function originOf(ctx: Context): string {
  const { localAddress = '', localPort } = ctx.socket;
  const own = `${localAddress.includes(':') ? `[${localAddress}]` : localAddress}:${localPort}`;
  return `http://${/^[\w.:[\]-]+$/.test(ctx.host) ? ctx.host : own}`;
}

/** An answer that is only a status. */
export function answerEmpty(ctx: Context, status: number): void {
  ctx.body = null;
  ctx.status = status;
}

/** An error as the JSON API has it (Cloud Storage, "JSON API error codes"). */
export function jsonError({ refused, details }: Refusal): object {
  const { status, reason } = codes[refused];
  const message = details ?? codes[refused].message;
  const where = reason === 'conditionNotMet' ? { locationType: 'header', location: 'If-Match' } : {};
  return { error: { code: status, message, errors: [{ message, domain: 'global', reason, ...where }] } };
}

function xmlError({ refused, details, elements = {} }: Refusal): string {
  const content = {
    Code: refused,
    Message: codes[refused].message,
    ...(details && { Details: details }),
    ...elements,
  };
  const children = Object.entries(content).map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`);
  return `<?xml version='1.0' encoding='UTF-8'?><Error>${children.join('')}</Error>`;
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** XML 1.0 has no way to write most control characters, so they are left out. */
function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '')
    .replace(/[&<>"']/g, (char) => entities[char] ?? char);
}
