import type { AddressInfo } from 'node:net';
import { Router } from '@koa/router';
import Koa from 'koa';

/** The least that it costs with Koa and its router: a redirect and a script that are always the same. */
const { location, script } = JSON.parse(process.argv[2] ?? '');
process.once('disconnect', () => process.exit());
const router = new Router();
router.get('/asset/:revision/:part', (ctx) => {
  ctx.status = 302;
  ctx.set('Location', location);
  ctx.body = 'The bytes are at Location.';
});
router.get('/boot.ipxe', (ctx) => {
  ctx.body = script;
});
const server = new Koa().use(router.routes()).listen(0, '127.0.0.1', () => {
  process.send?.({ origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
