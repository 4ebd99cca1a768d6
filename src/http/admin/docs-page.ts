import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { PlaneContext, PlaneMiddleware } from '../plane/context.ts';
import { type Page, page, pages, sendPage } from '../plane/static-page.ts';

/** Nothing but what this server has: the page has no reason to reach anybody else, and its reader's network need not let it. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const html = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>bootbroker API</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="docs/swagger-ui.css">
  </head>
  <body>
    <div id="api"></div>
    <noscript>This page shows <a href="openapi.json">openapi.json</a>, which takes a script.</noscript>
    <script src="docs/swagger-ui-bundle.js"></script>
    <script src="docs/start.js"></script>
  </body>
</html>
`;

/** To read, not to call: no token is ever typed into it. */
const start = `SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#api',
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  supportedSubmitMethods: [],
  validatorUrl: null,
  plugins: [{ wrapComponents: { authorizeBtn: () => () => null, authorizeOperationBtn: () => () => null } }],
});
`;

/** `GET /docs`: the API's description, to be read by people. Its files are read when they are first asked for. */
export function docsPage(): PlaneMiddleware {
  return pages({
    '/docs': kept(async () => page('text/html', html)),
    '/docs/start.js': kept(async () => page('text/javascript', start)),
    '/docs/swagger-ui.css': kept(() =>
      filePage('text/css', import.meta.resolve('swagger-ui-dist/swagger-ui.css')),
    ),
    '/docs/swagger-ui-bundle.js': kept(() =>
      filePage('text/javascript', import.meta.resolve('swagger-ui-dist/swagger-ui-bundle.js')),
    ),
  });
}

function kept(make: () => Promise<Page>): (ctx: PlaneContext) => Promise<void> {
  let made: Promise<Page> | undefined;
  return async (ctx) => {
    made ??= make();
    ctx.set({ 'Content-Security-Policy': policy, 'Referrer-Policy': 'no-referrer' });
    sendPage(ctx, await made);
  };
}

async function filePage(type: string, url: string): Promise<Page> {
  return page(type, await readFile(fileURLToPath(url)));
}
