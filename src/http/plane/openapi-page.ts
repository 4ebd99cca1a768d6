import type { Middleware } from 'koa';
import { type Page, page, pages, sendPage } from './static-page.ts';

/** `GET /openapi.json`, made when it is first asked for: it takes the schemas of every route, which no boot needs. */
export function openapiPage(): Middleware {
  let document: Page | undefined;
  return pages({
    async '/openapi.json'(ctx) {
      const { openapi } = await import('../openapi/document.ts');
      document ??= page('application/json', JSON.stringify(openapi()));
      sendPage(ctx, document);
    },
  });
}
