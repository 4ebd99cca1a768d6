import type { IncomingHttpHeaders } from 'node:http';
import { refuse } from '../../boot/problem.ts';
import { answerProblem } from '../plane/answer-problem.ts';
import type { BootMiddleware } from './context.ts';

/**
 * A page in the browser of somebody on the machines' network can ask anything of this plane, by no more than an `<img>`, and
 * knows no machine's word. So what changes something takes nothing from browsers.
 */
export const refuseBrowsers: BootMiddleware = async (ctx, next) => {
  const sign = signOfBrowser(ctx.req.headers);
  if (sign === undefined) return next();
  answerProblem(
    ctx,
    refuse(
      'from-a-browser',
      `A browser sent this (${sign}), and a page in it may have asked. Machines report by a program: curl, wget, PowerShell.`,
    ),
  );
};

/**
 * By which header a request says that a browser sent it; undefined: none does. To plain http Chromium sends neither `Origin` nor
 * `Sec-Fetch-*` with an `<img>`, as the origin is not trustworthy (W3C Fetch Metadata, section 2): `Referer`, which a page may
 * leave out, and `User-Agent`, which it may not, are all there is.
 */
export function signOfBrowser(headers: IncomingHttpHeaders): string | undefined {
  if (headers.origin !== undefined) return 'Origin';
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'none' && site !== 'same-origin') return 'Sec-Fetch-Site';
  const { referer, host } = headers;
  if (referer !== undefined && hostOf(referer) !== host?.toLowerCase()) return 'Referer';
  return isBrowser(headers['user-agent'] ?? '') ? 'User-Agent' : undefined;
}

/** Every browser begins so. So do PowerShell's Invoke-WebRequest and the UEFI shell of EDK2, which run no pages. */
function isBrowser(userAgent: string): boolean {
  return /^\s*Mozilla\//i.test(userAgent) && !/\s(Windows)?PowerShell\/\d|\(EDK2;/i.test(userAgent);
}

/** Without a port that goes without saying, as Host has it; a text that is no URL has none. */
function hostOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).host : undefined;
}
