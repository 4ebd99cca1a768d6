import anyTest, { type TestFn } from 'ava';
import type { Blobs } from '../../../src/blobs/blobs.ts';
import type { BootEntry } from '../../../src/boot/history/boot-entry.ts';
import { type Behaviour, blobsAt, brokenStorage } from '../../support/broken-storage.ts';
import type { LogLine } from '../../support/broker.ts';
import { freePort } from '../../support/free-port.ts';
import { dial, say, until } from '../../support/http.ts';
import { agents, mac, type Site, startSite } from '../site.ts';

const { serial: test, before, beforeEach, after } = anyTest as TestFn<Site>;

// One broker, whose storage and records are as each test wants them.
let site: Site;
let storage: Blobs;
let behave: Behaviour;
let follow: Blobs['follow'];
let ping: Blobs['ping'];
let keepEntry: ((entry: BootEntry) => Promise<void>) | undefined;
/** What was logged since the test began. */
let logged: () => readonly LogLine[];

before(async () => {
  storage = await brokenStorage((...asked) => behave(...asked));
  site = await startSite({
    replace: ({ blobs, records }) => ({
      blobs: { ...blobs, follow: (...asked) => follow(...asked), ping: () => ping() },
      records: { ...records, addBootEntry: (entry) => (keepEntry ?? records.addBootEntry)(entry) },
    }),
  });
});
beforeEach(async () => {
  // A line is written after its answer has gone: by the time this one is there, so are those of the test before.
  const fences = () => site.log.filter(({ path }) => path === '/fence').length;
  const passed = fences();
  await site.boot('/fence');
  await until(() => fences() > passed);
  follow = storage.follow;
  ping = site.parts.blobs.ping;
  keepEntry = undefined;
  const from = site.log.length;
  logged = () => site.log.slice(from);
});
after.always(async () => {
  await site?.close();
  await storage?.close();
});

const size = 300_000;
const kernel = () => `/asset/${site.revision}/kernel`;
const raw = (path: string, userAgent = agents.grub) =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\nUser-Agent: ${userAgent}\r\n\r\n`;
const complaints = () => logged().filter(({ level }) => level === 'error' || level === 'warn');

const silentStorages: Readonly<Record<string, Behaviour>> = {
  'that hangs up': (response) => response.destroy(),
  'that fails': (response) => response.writeHead(500).end('<Error><Code>InternalError</Code></Error>'),
  'that lost the object': (response) => response.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>'),
  'that breaks after its headers': (response) => {
    response.writeHead(200, { 'Content-Length': size }).flushHeaders();
    setTimeout(() => response.destroy(), 50);
  },
};
for (const [what, behaviour] of Object.entries(silentStorages))
  test(`a storage ${what} is 503 and try again on an asset route, and 503 alone on a script route`, async (t) => {
    behave = behaviour;
    const asset = await site.boot(kernel());
    t.deepEqual([asset.status, asset.headers['retry-after']], [503, '5']);
    t.is(asset.json.type, 'urn:bootbroker:problem:store-down');
    const entry = await site.boot('/boot.efi', { userAgent: agents.firmware });
    t.deepEqual([entry.status, entry.headers['retry-after']], [503, undefined]);
    t.is((await site.boot(kernel(), { method: 'HEAD' })).status, 200);
    t.is((await site.boot(kernel(), { userAgent: agents.ipxe })).status, 302);
  });

test('a storage where nobody listens is 503; readiness says which store is down, liveness does not care', async (t) => {
  ({ follow, ping } = blobsAt(await freePort()));
  t.is((await site.boot(kernel())).status, 503);
  const { status, json } = await site.boot('/readyz');
  t.deepEqual([status, json], [503, { status: 'error', records: 'ok', storage: 'down' }]);
  t.is((await site.boot('/health/liveness')).status, 200);
  t.regex((await site.boot('/metrics')).text, /store_faults_total\{store="storage"\} [1-9]/);
});

test('a storage that says nothing is not asked twice: firmware waits for 5 s and no longer', async (t) => {
  let asked = 0;
  behave = () => {
    asked += 1;
  };
  t.is((await site.boot(kernel())).status, 503);
  t.is(asked, 1);
});

const breakingStorages: Readonly<Record<string, Behaviour>> = {
  'breaks off': (response) => {
    response.writeHead(200, { 'Content-Length': size }).write(Buffer.alloc(size / 2));
    setTimeout(() => response.destroy(), 50);
  },
  'ends short, as if that were all': (response) => {
    response.writeHead(200).end(Buffer.alloc(size - 1));
  },
  'sends more than there is': (response) => {
    response.writeHead(200).end(Buffer.alloc(size + 1));
  },
};
for (const [what, behaviour] of Object.entries(breakingStorages))
  test(`when the storage ${what}, the connection breaks: never a clean end`, async (t) => {
    behave = behaviour;
    const answer = await say(site.bootPort, raw(kernel())); // it is closed, although nobody asked for that
    t.regex(answer, new RegExp(`^HTTP/1\\.1 200 OK\r\n(.*\r\n)*Content-Length: ${size}\r\n`));
    t.false(answer.includes('problem'));
    await until(() => complaints().some(({ message }) => String(message).startsWith('a stream broke off')));
    if (what !== 'sends more than there is') await t.throwsAsync(site.boot(kernel()));
  });

test('a client that hangs up is no error, its line says how far it came, and the storage hears of it', async (t) => {
  let told = 0;
  behave = (response) => {
    response.writeHead(200, { 'Content-Length': size }).write(Buffer.alloc(size / 2));
    response.on('close', () => {
      told += 1;
    });
  };
  for (const leave of ['destroy', 'resetAndDestroy', 'end'] as const) {
    const socket = await dial(site.bootPort, raw(kernel()));
    let seen = 0;
    socket.on('data', (chunk) => {
      seen += chunk.length;
    });
    await until(() => seen > size / 2);
    socket[leave]();
  }
  await until(() => told === 3);
  const cut = () => logged().filter(({ hung_up }) => hung_up);
  await until(() => cut().length === 3);
  for (const line of cut()) t.like(line, { level: 'info', status: 200, plan: 'stream', bytes: size / 2 });
  t.deepEqual(complaints(), []);
  t.regex((await site.boot('/metrics')).text, /^bootbroker_streams 0$/m);
});

test('a client that leaves before the storage has answered is counted as gone, not as a 404', async (t) => {
  let asked = 0;
  behave = () => {
    asked += 1;
  };
  const socket = await dial(site.bootPort, raw(kernel()));
  await until(() => asked === 1);
  socket.destroy();
  await until(() => logged().length === 1);
  t.like(logged()[0], { level: 'info', status: 499, hung_up: true });
});

test('a machine boots although its events are lost, and that they are is told', async (t) => {
  ({ follow } = site.parts.blobs);
  keepEntry = () => Promise.reject(new Error('no room'));
  const { machine, bytes } = site;
  t.is((await site.boot(`/boot.ipxe?mac=${mac}`, { userAgent: agents.ipxe })).status, 200);
  t.is((await site.boot(`${kernel()}?machine=${machine}`, { userAgent: agents.ipxe })).status, 302);
  t.deepEqual((await site.boot(`${kernel()}?machine=${machine}`)).body, bytes.kernel);
  const { text } = await site.boot('/metrics');
  t.regex(text, /^bootbroker_boot_events_total\{stage="script",outcome="lost"\} 1$/m);
  t.regex(text, /^bootbroker_boot_events_total\{stage="asset",outcome="lost"\} 2$/m);
  t.deepEqual(
    complaints().map(({ level, message }) => `${level}: ${message}`),
    Array(3).fill('warn: a boot event could not be written'),
  );
});

test('an event that takes its time holds up neither the first byte nor a redirect, only the end', async (t) => {
  ({ follow } = site.parts.blobs);
  const { promise: kept, resolve: keep } = Promise.withResolvers<void>();
  keepEntry = () => kept;
  const sockets = await Promise.all(
    [agents.grub, agents.ipxe].map((agent) =>
      dial(site.bootPort, raw(`${kernel()}?machine=${site.machine}`, agent)),
    ),
  );
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('data', resolve))));
  t.deepEqual(logged(), []);
  keep();
  await until(() => logged().length === 2);
  for (const socket of sockets) socket.destroy();
  t.deepEqual(
    logged()
      .map(({ status, hung_up }) => [status, hung_up])
      .sort(),
    [
      [200, undefined],
      [302, undefined],
    ],
  );
});

test('records that are closed are 503, never 404; script routes say nothing of when to come back', async (t) => {
  await site.parts.records.close();
  const asking = { userAgent: agents.ipxe };
  for (const [path, retryAfter] of [
    [`/boot.ipxe?mac=${mac}`, undefined],
    ['/m/52-54-00-aa-bb-01/boot.ipxe', undefined],
    ['/boot.ipxe?mac=52-54-00-00-00-99', undefined],
    [kernel(), '5'],
    ['/m/52-54-00-aa-bb-01/kernel', '5'],
    ['/kernels/debian.img', '5'],
    ['/assets/nothing/kernel', '5'],
    [`/report/up?mac=${mac}`, undefined],
  ] as const) {
    const { status, headers, json } = await site.boot(path, asking);
    const type = 'urn:bootbroker:problem:store-down';
    t.deepEqual([status, json.type, headers['retry-after']], [503, type, retryAfter], path);
  }
  for (const path of ['/api/v1/machines', '/api/v1/machines/x', `/api/v1/explain?mac=${mac}`])
    t.is((await site.admin(path)).status, 503, path);
  t.is((await site.boot('/boot.ipxe', asking)).status, 200); // who does not say who it is needs no records
  // What the storage said in the test before may serve for a second.
  await until(async () => (await site.boot('/readyz')).json.storage === 'ok');
  t.like((await site.boot('/readyz')).json, { records: 'down', storage: 'ok' });
});
