import type { PlaneMiddleware } from './context.ts';
import type { CommonParts } from './parts.ts';
import { type Page, page, pages, sendPage } from './static-page.ts';

/** `GET /openapi.json`, made when it is first asked for: it takes the schemas of every route, which no boot needs. */
export function openapiPage({ describe }: Pick<CommonParts, 'describe'>): PlaneMiddleware {
  let document: Page | undefined;
  return pages({
    async '/openapi.json'(ctx) {
      document ??= page('application/json', JSON.stringify(await describe()));
      sendPage(ctx, document);
    },
  });
}
