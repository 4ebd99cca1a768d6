import { command, needing } from '../support/needs.ts';
import { tunnelOf } from './gateway.ts';
import { start, vouched } from './vouched.ts';

const test = needing(command('nginx'));

test('redirects are offered where a canary came through, or where the settings say so', async (t) => {
  const peers = [{}, { redirects: 'never' }, { redirects: 'always' }];
  const { broker, gateway } = await start(t, { tunnel: tunnelOf(peers) });
  const can = async (site: number) => {
    await gateway.ask('/boot.ipxe', { from: `127.10.${site}.2` });
    return vouched(t, broker.came.at(-1)).can;
  };
  t.deepEqual([await can(0), await can(1), await can(2)], ['cache,follow', 'cache,follow', 'follow']);
  t.is((await gateway.ask('/canary?storage=ok')).status, 204);
  t.deepEqual([await can(0), await can(1)], ['follow', 'cache,follow']);
  await gateway.ask('/canary?storage=failed');
  t.is(await can(0), 'cache,follow');
});

test('one host of a site says how its redirects do, and no other machine there', async (t) => {
  const peers = [
    { addresses: ['127.10.0.0/24'], canary_host: '127.10.0.7' },
    { addresses: ['127.10.1.0/24', '127.10.2.9'] },
  ];
  const { broker, gateway } = await start(t, { tunnel: tunnelOf(peers) });
  const say = async (from: string, word = 'ok') =>
    (await gateway.ask(`/canary?storage=${word}`, { from })).status;
  const can = async (from: string) => {
    await gateway.ask('/boot.ipxe', { from });
    return vouched(t, broker.came.at(-1)).can;
  };
  t.is(await say('127.10.0.2'), 403);
  t.is(await say('127.10.2.9'), 204, 'the first address that is no network, unless the settings say another');
  t.is(await say('127.0.0.1'), 404, 'who is no peer has no say');
  t.deepEqual(
    [await can('127.10.0.2'), await can('127.10.1.2')],
    ['cache,follow', 'follow'],
    'for its own site alone',
  );
  t.is(await say('127.10.0.7'), 204);
  t.is(await say('127.10.0.2', 'failed'), 403);
  t.is(await say('127.10.1.2', 'failed'), 403);
  t.deepEqual([await can('127.10.0.2'), await can('127.10.1.2')], ['follow', 'follow']);
  t.is((await gateway.ask('/canary?storage=failed', { from: '127.10.0.7', method: 'POST' })).status, 405);
});
