import type { IncomingMessage } from 'node:http';
import Router from '@koa/router';
import Koa, { type Context, type Middleware } from 'koa';
import { repeatedHeader } from '../bounds/single-headers.ts';
import { accessLog } from './access-log.ts';
import { answerRefusal, isJsonApi } from './answer.ts';
import type { Trust } from './auth.ts';
import { faults } from './faults.ts';
import { batch } from './json/batch.ts';
import { getBucket, getLayout, listBuckets } from './json/buckets.ts';
import { type Answer, compose, copy, getObject, list, patch, remove } from './json/objects.ts';
import { parameter } from './json/request.ts';
import { continueUpload, insertObject } from './json/uploads.ts';
import { isRefusal, type Refusal, refuse } from './refusal.ts';
import { wrongTarget } from './request-target.ts';
import type { Sessions } from './sessions.ts';
import type { Store } from './store/store.ts';
import { type Served, tellServed } from './tell-served.ts';
import { xmlApi } from './xml/objects.ts';

export interface AppParts {
  readonly store: Store;
  readonly sessions: Sessions;
  readonly trust: Trust;
  /** Takes the log's lines; undefined: silent. */
  readonly log: ((line: object) => void) | undefined;
  /** Hears of requests that read; undefined: nobody does. */
  readonly onServed?: ((served: Served) => void) | undefined;
}

/** Every route of the storage. Whatever is not the JSON API is the XML API. */
export function createApp({ store, sessions, trust, log, onServed }: AppParts): Koa {
  const router = new Router();
  const bucket = '/storage/v1/b/:bucket';
  const object = `${bucket}/o/:object`;
  const from = '/storage/v1/b/:sourceBucket/o/:sourceObject';
  const to = 'b/:bucket/o/:object';

  /** The token is asked for before anything is looked up or read. */
  const route = (handle: (ctx: Context, store: Store) => Answer | Promise<Answer>): Middleware => {
    return async (ctx) => {
      const answer = trust.unsigned(ctx.req) ?? (await handle(ctx, store));
      if (isRefusal(answer)) answerRefusal(ctx, answer);
      else if (answer) ctx.body = answer;
    };
  };

  router.get('/storage/v1/b', route(listBuckets));
  router.get(bucket, route(getBucket));
  router.get(`${bucket}/storageLayout`, route(getLayout));
  router.get(`${bucket}/o`, route(list));
  router.get(object, route(getObject));
  router.get(`/download${object}`, route(getObject));
  router.patch(object, route(patch));
  router.delete(object, route(remove));
  router.post(`${object}/compose`, route(compose));
  router.post(`${from}/rewriteTo/${to}`, route(copy));
  router.post(`${from}/copyTo/${to}`, route(copy));
  for (const uploads of [`/upload${bucket}/o`, `/resumable/upload${bucket}/o`]) {
    const insert = route((ctx) => insertObject(ctx, store, sessions));
    router.post(uploads, (ctx, next) =>
      parameter(ctx, 'upload_id') === undefined ? insert(ctx, next) : continueUpload(ctx, sessions),
    );
    router.put(uploads, (ctx) => continueUpload(ctx, sessions));
    router.delete(uploads, (ctx) => continueUpload(ctx, sessions));
  }
  router.post(
    '/batch/storage/v1',
    route((ctx) => batch(ctx, app.callback())),
  );
  router.get(['/healthz', '/readyz', '/health/:probe'], (ctx) => {
    ctx.body = { status: 'ok' };
  });

  const xml = xmlApi(store, sessions, trust);
  const app = new Koa();
  if (log) app.use(accessLog(log));
  if (onServed) app.use(tellServed(onServed));
  app.use(faults());
  app.use(async (ctx, next) => {
    const refusal = messageRefusal(ctx.req);
    if (refusal) answerRefusal(ctx, refusal);
    else await next();
  });
  app.use(router.routes());
  app.use(async (ctx) => {
    if (!isJsonApi(ctx.path)) return await xml(ctx);
    const nowhere = refuse(
      'NoSuchRoute',
      `${ctx.method} ${ctx.path} is no part of the JSON API that is served here.`,
    );
    answerRefusal(ctx, trust.unsigned(ctx.req) ?? nowhere);
  });
  return app;
}

/** What two readers could take for two different requests (RFC 9112 sections 2.3 and 3.2). What came in a batch has no version. */
function messageRefusal({
  url = '',
  httpVersion,
  headers,
  rawHeaders,
}: IncomingMessage): Refusal | undefined {
  const repeated = repeatedHeader(rawHeaders);
  if (repeated) return refuse('InvalidArgument', `There is more than one ${repeated} header. Send one.`);
  if (/^(0|2)\./.test(httpVersion)) return refuse('InvalidArgument', 'Say HTTP/1.1 in the request line.');
  if (httpVersion === '1.1' && headers.host === undefined)
    return refuse('InvalidArgument', 'HTTP/1.1 needs a Host header. Send one.');
  return wrongTarget(url);
}
