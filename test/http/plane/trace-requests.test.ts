import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import Koa from 'koa';
import type { PlaneMiddleware, PlaneState, Routed } from '../../../src/http/plane/context.ts';
import { traceRequests } from '../../../src/http/plane/trace-requests.ts';
import { LateSpan } from '../../../src/telemetry/traces/late-span.ts';
import type { Ended, Tracing } from '../../../src/telemetry/tracing.ts';
import { ask, until } from '../../support/http.ts';

/** A plane that has nothing but traces, and an answer. Its receiver takes as long as it likes. */
async function plane(t: ExecutionContext, leavesWithAnswers: boolean, answer: PlaneMiddleware) {
  const ended: Ended[] = [];
  const taken = Promise.withResolvers<void>();
  let flushes = 0;
  const tracing = {
    begin: () => new LateSpan(),
    run: (_: LateSpan, work: () => unknown) => work(),
    end: (_: LateSpan, how: Ended) => ended.push(how),
    leavesWithAnswers,
    flush: () => {
      flushes += 1;
      return taken.promise;
    },
  } as unknown as Tracing;
  const koa = new Koa<PlaneState, Routed>();
  koa.use((ctx, next) => {
    ctx.state.notes = {};
    return next();
  });
  koa.use(traceRequests('boot', tracing, undefined)).use(answer);
  const server = createServer(koa.callback()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    taken.resolve();
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, ended, taken, flushes: () => flushes };
}

test('where nothing runs after an answer, it ends when its span has left, whatever it is', async (t) => {
  const { port, ended, taken, flushes } = await plane(t, true, (ctx) => {
    ctx.status = 503;
    ctx.state.notes.problem = 'records-down';
    ctx.body = 'an answer';
  });
  let isOver = false;
  const answer = ask(port, '/x?secret=1').finally(() => {
    isOver = true;
  });
  await until(() => flushes() === 1);
  t.false(isOver);
  t.is(ended.length, 1);
  t.like(ended[0], { name: 'GET', kind: 'server', failure: 'records-down' });
  t.like(ended[0]?.attributes, {
    'http.response.status_code': 503,
    'url.path': '/x',
    'error.type': 'records-down',
  });
  t.notRegex(JSON.stringify(ended), /secret/);
  taken.resolve();
  t.is((await answer).text, 'an answer');
  t.is(ended.length, 1);
});

test('elsewhere no answer waits for it', async (t) => {
  const { port, ended, flushes } = await plane(t, false, (ctx) => {
    ctx.body = 'an answer';
  });
  t.is((await ask(port, '/x')).text, 'an answer');
  await until(() => ended.length === 1);
  t.is(flushes(), 0);
});

test('nor does one that has ended by itself, as a stream', async (t) => {
  const { port, ended, flushes } = await plane(t, true, (ctx) => {
    ctx.respond = false;
    ctx.res.end('a stream');
  });
  t.is((await ask(port, '/x')).text, 'a stream');
  await until(() => ended.length === 1);
  t.is(flushes(), 0);
});
