import { type PageRoute, staticAnswers } from './page-route.ts';
import { sendPage } from './static-page.ts';

/** Both planes, described. */
export const openapiRoute: PageRoute = {
  path: '/openapi.json',
  summary: 'This document',
  answers: staticAnswers('application/json', { type: 'object', required: ['openapi', 'paths'] }),
  async answer(ctx, { describe }) {
    sendPage(ctx, await describe());
  },
};
