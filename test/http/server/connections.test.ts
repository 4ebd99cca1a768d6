import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import Koa from 'koa';
import type { Turned } from '../../../src/bounds/connections.ts';
import { listen } from '../../../src/http/server/listener.ts';
import { startChild } from '../../support/child.ts';
import { ask, dial, until } from '../../support/http.ts';
import { ask2, session } from '../../support/http2.ts';

test('an HTTP/2 connection with a stream keeps its place; one without gives way', async (t) => {
  const koa = new Koa();
  koa.use(async (ctx) => {
    ctx.status = 200;
    ctx.res.write('begun');
    ctx.respond = false;
    if (ctx.path === '/short') ctx.res.end('ended');
  });
  const turned: Turned[] = [];
  const limits = { total: 2, floor: 0, isFront: () => true, onTurned: (why: Turned) => turned.push(why) };
  const { port, close } = await listen(koa, { host: '127.0.0.1', port: 0 }, limits);
  t.teardown(() => close(0));
  const [busy, idle] = [session(t, port), session(t, port)];
  const stream = busy.request({ ':path': '/long' }).on('error', () => {});
  await once(stream, 'response');
  await ask2(idle, '/short');
  const gone = once(idle, 'close');
  t.is((await ask(port, '/short')).status, 200);
  await gone;
  t.false(busy.destroyed);
  const other = busy.request({ ':path': '/long' }).on('error', () => {});
  await once(other, 'response');
  t.deepEqual(turned, ['idle']);
});

test('behind a trusted proxy no source is counted by its connections; elsewhere it is', async (t) => {
  const env = { BROKER_MAX_CONNECTIONS: '16', BROKER_TRUSTED_PROXIES: '127.0.0.9', BROKER_ROLES: 'boot' };
  const child = await startChild(t, { env });
  const { boot } = await child.ready;
  const headers = { 'X-Forwarded-For': '10.0.0.1' };
  const turned = async () => {
    const { text } = await ask(boot, '/metrics', { from: '127.0.0.9', headers });
    const [, count] = /connections_turned_away_total\{listener="boot",reason="idle"\} (\d+)/.exec(text) ?? [];
    return Number(count ?? 0);
  };
  const crowd = async (from: string) => {
    const sockets = [];
    for (let n = 0; n < 14; n += 1) sockets.push(await dial(boot, '', { from }));
    await sleep(100);
    const count = await turned();
    for (const socket of sockets) socket.destroy();
    return count;
  };
  t.is(await crowd('127.0.0.9'), 0);
  await until(async () => (await crowd('127.0.0.8')) > 0);
});
