import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { Agent, type Dispatcher } from 'undici';
import { checkPrivateAccess, type Vip, vips } from '../../src/doctor/private-access.ts';
import { freePort } from '../support/free-port.ts';
import { type Cloud, cloudFor } from './cloud.ts';
import { diagnosis, failsOnce, proxy, xmlError } from './support.ts';

const google = 'https://storage.googleapis.com';

/** Takes whatever name is asked to ports of loopback, https without its TLS. */
function wayTo(t: ExecutionContext, ports: { readonly https: number; readonly http: number }): Dispatcher {
  const agent = new Agent({
    connect: ({ protocol }, callback) => {
      const socket = connect(protocol === 'https:' ? ports.https : ports.http, '127.0.0.1');
      socket.once('connect', () => callback(null, socket));
      socket.once('error', (error) => callback(error, null));
    },
  });
  t.teardown(() => agent.destroy());
  return agent;
}

const portOf = (origin: string) => Number(new URL(origin).port);
const settingsOf = (cloud: Cloud) => ({ ...cloud.settings, ...cloud.hmac, BROKER_STORAGE_ENDPOINT: google });

test.serial('by https and http: what is open is compared with BROKER_STORAGE_SCHEME', async (t) => {
  const cloud = await cloudFor(t);
  const around = {
    dispatcher: wayTo(t, { https: portOf(cloud.origin), http: portOf(cloud.origin) }),
    resolve: async () => ['203.0.113.1'],
  };
  const found = await diagnosis(settingsOf(cloud), around);
  t.deepEqual(found.failed, []);
  t.regex(found.text('https'), /signed URLs work by https \(BROKER_STORAGE_SCHEME is unset\)/);
  t.regex(found.text('http'), /signed URLs work by http \(BROKER_STORAGE_SCHEME is unset\)/);
  const secure = await diagnosis({ ...settingsOf(cloud), BROKER_STORAGE_SCHEME: 'https' }, around);
  t.deepEqual(secure.failed, []);
  t.regex(secure.text('http'), /but BROKER_STORAGE_SCHEME is https: clients without https are streamed to/);
});

test.serial(
  'http that is forbidden, sent elsewhere or closed asks for BROKER_STORAGE_SCHEME=https',
  async (t) => {
    const cloud = await cloudFor(t);
    const https = portOf(await proxy(t, cloud.origin, () => undefined, 'https'));
    const forbidden = await proxy(t, cloud.origin, () => xmlError(403, 'AccessDenied', 'Use https.'));
    const moved = await proxy(t, cloud.origin, () => ({ status: 301, headers: { location: google } }));
    const ways: readonly [number, RegExp][] = [
      [portOf(forbidden), /constraints\/storage\.secureHttpTransport.*403 AccessDenied \(Use https\.\)/],
      [portOf(moved), /http is refused: 301/],
      [await freePort(), /http is closed on the way: no answer/],
    ];
    for (const [http, says] of ways) {
      const dispatcher = wayTo(t, { https, http });
      const around = { dispatcher, resolve: async () => ['203.0.113.1'] };
      const found = await diagnosis(settingsOf(cloud), around);
      failsOnce(t, found, 'http', says);
      t.regex(
        found.text('http'),
        /set BROKER_STORAGE_SCHEME=https: clients without https are then streamed to/,
      );
      const set = await diagnosis({ ...settingsOf(cloud), BROKER_STORAGE_SCHEME: 'https' }, around);
      t.deepEqual(set.failed, []);
      t.regex(set.text('http'), says);
    }
  },
);

/** A port that takes connections. */
async function openPort(t: ExecutionContext): Promise<number> {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

test('Private Google Access must be reached where DNS leads to it, and is told of elsewhere', async (t) => {
  const [https, http, closed] = [await openPort(t), await openPort(t), await freePort()];
  const here = (name: string, ports: Vip['ports']): Vip => ({ name, addresses: ['127.0.0.1'], ports });
  const open = here('private', { https, http });
  const half = here('private', { https, http: closed });
  const shut = here('restricted', { https: closed, http: closed });
  const to = (address: string) => async () => [address];

  const used = await checkPrivateAccess(google, [open, shut], to('127.0.0.1'));
  t.is(used.state, 'pass');
  t.regex(
    used.text,
    /resolves to private here; private: https on 1 of 1, http on 1 of 1.*restricted: https on 0/,
  );
  const broken = await checkPrivateAccess(google, [shut, open], to('127.0.0.1'));
  t.is(broken.state, 'fail');
  t.regex(broken.text, /is restricted here, which is not reached .*Private Google Access on for the subnet/);
  const unused = await checkPrivateAccess(google, [half, shut], to('203.0.113.1'));
  t.is(unused.state, 'pass');
  t.regex(unused.text, /resolves to other addresses here; private: https on 1 of 1, http on 0 of 1/);
  const none = await checkPrivateAccess(google, [shut], to('203.0.113.1'));
  t.is(none.state, 'skipped');
  const other = await checkPrivateAccess('http://127.0.0.1:1', [open], to('127.0.0.1'));
  t.is(other.state, 'skipped');
});

test('the addresses are those that Google documents', (t) => {
  t.deepEqual(
    vips.flatMap(({ name, addresses, ports }) => [name, addresses[0], addresses[3], ports]),
    [
      ...['private.googleapis.com', '199.36.153.8', '199.36.153.11', { https: 443, http: 80 }],
      ...['restricted.googleapis.com', '199.36.153.4', '199.36.153.7', { https: 443, http: 80 }],
    ],
  );
});
