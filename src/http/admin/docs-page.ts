import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type PageRoute, staticAnswers } from '../plane/page-route.ts';
import { type StaticPage, sendPage, staticPage } from '../plane/static-page.ts';

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

/** The API's description, to be read by people. Its files are read when they are first asked for. */
export const docsRoutes: readonly PageRoute[] = [
  docsRoute('/docs', 'This document as a page', 'text/html', async () => html),
  docsRoute('/docs/start.js', 'What begins that page', 'text/javascript', async () => start),
  docsRoute('/docs/swagger-ui.css', 'How that page looks', 'text/css', () =>
    readFile(fileURLToPath(import.meta.resolve('swagger-ui-dist/swagger-ui.css'))),
  ),
  docsRoute('/docs/swagger-ui-bundle.js', 'What shows the description there', 'text/javascript', () =>
    readFile(fileURLToPath(import.meta.resolve('swagger-ui-dist/swagger-ui-bundle.js'))),
  ),
];

function docsRoute(
  path: string,
  summary: string,
  type: string,
  read: () => Promise<string | Buffer>,
): PageRoute {
  let made: Promise<StaticPage> | undefined;
  return {
    path,
    summary,
    answers: staticAnswers(type, { type: 'string' }),
    async answer(ctx) {
      made ??= read().then((body) => staticPage(type, body));
      ctx.set({ 'Content-Security-Policy': policy, 'Referrer-Policy': 'no-referrer' });
      sendPage(ctx, await made);
    },
  };
}
