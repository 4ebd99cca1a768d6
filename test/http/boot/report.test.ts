import anyTest, { type TestFn } from 'ava';
import { stepsOf } from '../../support/boots.ts';
import { addMachine } from '../../support/broker.ts';
import { dial, until } from '../../support/http.ts';
import { agents, type Site, startSite } from '../site.ts';

const test = anyTest as TestFn<Site>;
let site: Site;
test.before(async () => {
  site = await startSite();
});
test.after.always(() => site?.close());

let last = 0;
/** A machine for one test, and what its boots say. */
async function machine() {
  last += 1;
  const mac = `52:54:00:00:01:0${last}`;
  const { id } = await addMachine(site, { macs: [mac] });
  const stages = async () => {
    const { items } = (await site.admin(`/api/v1/boots?machine=${id}`)).json;
    return stepsOf(items).map(({ stage, detail }) => (detail ? `${stage}: ${detail}` : stage));
  };
  const report = (stage: string, body?: string) =>
    site.boot(`/report/${stage}?machine=${id}`, body === undefined ? {} : { method: 'POST', body });
  return { id, mac, stages, report };
}

test('a machine reports by GET or POST, named by MAC or by id', async (t) => {
  const { id, mac, stages } = await machine();
  const { status, json, headers } = await site.boot(`/report/up?mac=${mac}`);
  t.deepEqual([status, json], [200, { machine_id: id, stage: 'up' }]);
  t.is(headers['cache-control'], 'no-store');
  await site.boot(`/report/failed?machine=${id}`, { method: 'POST', body: 'no disk: ü' });
  t.deepEqual(await stages(), ['up', 'failed: no disk: ü']);
});

test('a stage is one step of its boot however often it is said, and the last words count; after the next script it is new', async (t) => {
  const { id, mac, stages, report } = await machine();
  const profile = { name: 'p', machine_id: id, kernel: 'debian@12' };
  await site.admin('/api/v1/profiles', profile);
  const boot = () => site.boot(`/boot.ipxe?mac=${mac}`, { userAgent: agents.ipxe });
  await boot();
  for (const _ of [1, 2, 3]) t.is((await report('up')).status, 200);
  t.deepEqual(await stages(), ['script', 'up']);
  await boot();
  await report('up');
  await report('up', 'with more');
  t.deepEqual(await stages(), ['script', 'up', 'script', 'up: with more']);
});

test('HEAD reports nothing', async (t) => {
  const { id, stages } = await machine();
  t.is((await site.boot(`/report/up?machine=${id}`, { method: 'HEAD' })).status, 200);
  t.deepEqual(await stages(), []);
});

test('a stage is a name, and not one that only the broker gives', async (t) => {
  const { stages, report } = await machine();
  for (const stage of ['script', 'asset', 'a%2Fb', 'x'.repeat(129)])
    t.is((await report(stage)).status, 400, stage);
  t.deepEqual(await stages(), []);
});

test('a report of an unknown machine, or of none, is 404 and kept nowhere', async (t) => {
  for (const query of ['', '?mac=52:54:00:99:99:99', '?machine=nobody', '?mac=', '?serial=x&serial=x'])
    t.is((await site.boot(`/report/up${query}`)).json.type, 'urn:bootbroker:problem:unknown-machine', query);
  t.is((await site.boot('/report/up?mac=nonsense')).json.type, 'urn:bootbroker:problem:bad-identity');
});

test('a report of more than 16 KiB is 413, however it is sent, and the broker lives on', async (t) => {
  const { id, stages, report } = await machine();
  t.is((await report('up', 'x'.repeat(16_384))).status, 200);
  for (const [size, headers] of [
    [16_385, {}],
    [16_385, { 'Transfer-Encoding': 'chunked' }],
    [3_000_000, {}],
    [3_000_000, { 'Transfer-Encoding': 'chunked' }],
  ] as const) {
    const body = Buffer.alloc(size, 'x');
    const { status, json } = await site.boot(`/report/up?machine=${id}`, { method: 'POST', headers, body });
    t.deepEqual([status, json.type], [413, 'urn:bootbroker:problem:body-too-large']);
  }
  t.is((await stages()).length, 1);
});

test('a report that is no UTF-8 is 400', async (t) => {
  const { id } = await machine();
  const body = Buffer.from([0xff, 0xfe]);
  t.is((await site.boot(`/report/up?machine=${id}`, { method: 'POST', body })).status, 400);
});

test('a machine that hangs up in the middle of its report is no error', async (t) => {
  const { id, stages } = await machine();
  const head = `POST /report/half?machine=${id} HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc`;
  const socket = await dial(site.bootPort, head);
  socket.end();
  await until(() => site.log.some(({ path }) => path === '/report/half'));
  t.like(
    site.log.find(({ path }) => path === '/report/half'),
    { level: 'info', hung_up: true },
  );
  t.deepEqual(
    site.log.filter(({ level }) => level === 'error'),
    [],
  );
  t.deepEqual(await stages(), []);
});
