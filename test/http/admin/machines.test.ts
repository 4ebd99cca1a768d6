import anyTest, { type TestFn } from 'ava';
import { addMachine } from '../../support/broker.ts';
import { agents, problem, type Site, startSite } from '../site.ts';

const test = anyTest as TestFn;
let site: Site;
test.before(async () => {
  site = await startSite();
});
test.after.always(() => site?.close());

const at = (id: string) => `/api/v1/machines/${id}`;
const put = (id: string, json: object, match?: string) =>
  site.admin(at(id), json, { method: 'PUT', headers: match === undefined ? {} : { 'If-Match': match } });
const remove = (id: string, match?: string) =>
  site.admin(at(id), undefined, {
    method: 'DELETE',
    headers: match === undefined ? {} : { 'If-Match': match },
  });
const macOf = (n: number) => `52:54:00:01:00:${n.toString(16).padStart(2, '0')}`;

test('a machine is replaced by what is said of it, and keeps what it boots', async (t) => {
  const { id } = await addMachine(site, { macs: [macOf(1)], serial: 'A', labels: { rack: 'r1' } });
  const profile = { name: 'debian', machine_id: id, kernel: 'debian@12', initrds: ['debian@12'] };
  const revision = (await site.admin('/api/v1/profiles', profile)).json.id;
  const before = (await site.admin(at(id))).json;
  const { status, headers, json } = await put(id, { macs: [macOf(2)], name: 'two' });
  t.is(status, 200);
  t.is(headers.etag, `"${before.version + 1}"`);
  t.deepEqual(json, {
    id,
    name: 'two',
    macs: [macOf(2)],
    labels: {},
    networks: [],
    active: revision,
    history: before.history,
    version: before.version + 1,
    created_at: before.created_at,
    updated_at: json.updated_at,
  });
  t.deepEqual((await site.admin(at(id))).json, json);
  await addMachine(site, { macs: [macOf(1)] });
});

test('If-Match lets only the version that was read be changed or deleted', async (t) => {
  const made = await site.admin('/api/v1/machines', { serial: 'etag' });
  const { id } = made.json;
  t.is(made.headers.etag, '"1"');
  t.is((await site.admin(at(id))).headers.etag, '"1"');
  for (const stale of ['"2"', 'W/"1"', '1', '"0", "2"', '']) {
    const { status, headers, json } = await put(id, { serial: 'x' }, stale);
    t.deepEqual([status, headers.etag, json.type], [412, '"1"', problem('precondition-failed')], stale);
    t.is((await remove(id, stale)).status, 412, stale);
  }
  t.is((await put(id, { serial: 'x' }, '"7", "1"')).status, 200);
  t.is((await put(id, { serial: 'y' }, '*')).headers.etag, '"3"');
  t.is((await put(id, { serial: 'z' }, '"2"')).headers.etag, '"3"');
  t.is((await remove(id, '"3"')).status, 204);
  t.is((await site.admin(at(id))).status, 404);
  t.deepEqual([(await remove(id)).status, (await put(id, { serial: 'x' }, '*')).status], [404, 404]);
});

test('of writers that meet with one ETag one goes through; those without it take turns', async (t) => {
  const { id } = await addMachine(site, { serial: 'race' });
  const matched = await Promise.all(Array.from({ length: 8 }, (_, n) => put(id, { serial: `r${n}` }, '"1"')));
  t.deepEqual(matched.map(({ status }) => status).sort(), [200, ...Array.from({ length: 7 }, () => 412)]);
  const free = await Promise.all(Array.from({ length: 8 }, (_, n) => put(id, { serial: `f${n}` })));
  t.deepEqual(free.map(({ headers }) => headers.etag).sort(), [
    '"10"',
    '"3"',
    '"4"',
    '"5"',
    '"6"',
    '"7"',
    '"8"',
    '"9"',
  ]);
});

test("a MAC of another machine is not taken over, and one's own may stay", async (t) => {
  const a = await addMachine(site, { macs: [macOf(10), macOf(11)] });
  const b = await addMachine(site, { macs: [macOf(12)] });
  const { status, json } = await put(b.id, { macs: [macOf(12), macOf(11)] });
  t.deepEqual([status, json.type], [409, problem('mac-taken')]);
  t.true(json.detail.includes(a.id));
  t.is((await put(a.id, { macs: [macOf(11)] })).status, 200);
  t.is((await put(b.id, { macs: [macOf(12), macOf(10)] })).status, 200);
  t.is((await remove(a.id)).status, 204);
  t.is((await put(b.id, { macs: [macOf(11)] })).status, 200);
  for (const [mac, ids] of [
    [macOf(10), []],
    [macOf(11), [b.id]],
  ] as const)
    t.deepEqual(
      (await site.admin(`/api/v1/machines?mac=${mac}`)).json.items.map(({ id }: { id: string }) => id),
      ids,
    );
});

test('what is no machine replaces none', async (t) => {
  const { id } = await addMachine(site, { serial: 'S' });
  for (const body of [
    {},
    { macs: ['x'] },
    { serial: 'S', version: 5 },
    { serial: 'S', client: { nobody: {} } },
    { serial: 'S', client: { any: { colour: 1 } } },
  ])
    t.is((await put(id, body)).status, 400, JSON.stringify(body));
  const form = await site.admin(at(id), undefined, {
    method: 'PUT',
    body: 'serial=x',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
  });
  t.is(form.status, 415);
  t.is((await site.admin(at(id))).json.version, 1);
});

test('machines are searched by MAC, UUID, serial number or label, page by page', async (t) => {
  const uuid = '0a1b2c3d-0000-4000-8000-0000000000aa';
  const ids: string[] = [];
  for (let n = 0; n < 5; n += 1)
    ids.push(
      (
        await addMachine(site, {
          macs: [macOf(20 + n)],
          uuid,
          serial: 'same',
          labels: { rack: 'r=9', n: `${n}` },
        })
      ).id,
    );
  const found = async (query: string) =>
    (await site.admin(`/api/v1/machines?${query}`)).json.items.map(({ id }: { id: string }) => id);
  for (const query of [`uuid=${uuid.toUpperCase()}`, 'serial=same', 'label=rack%3Dr%3D9', 'label=rack=r=9'])
    t.deepEqual(await found(query), ids, query);
  t.deepEqual(await found('mac=52-54-00-01-00-16'), [ids[2]]);
  t.deepEqual(await found('label=n=3'), [ids[3]]);
  for (const none of ['label=n=', 'label=rack=r', 'serial=sam', 'label=%27%3D%27'])
    t.deepEqual(await found(none), [], none);
  const first = (await site.admin('/api/v1/machines?serial=same&limit=3')).json;
  const rest = (await site.admin(`/api/v1/machines?serial=same&limit=3&cursor=${first.next}`)).json;
  t.deepEqual(
    [...first.items, ...rest.items].map(({ id }) => id),
    ids,
  );
  t.is(rest.next, undefined);
  for (const wrong of ['label=rack', 'uuid=1', 'serial=same&label=n=3', 'colour=red'])
    t.is((await site.admin(`/api/v1/machines?${wrong}`)).status, 400, wrong);
});

test("what a machine's own client can do wins over the table, and explain says so", async (t) => {
  const own = await addMachine(site, {
    macs: [macOf(40)],
    client: { 'ipxe-2': { follows_redirects: false } },
  });
  const any = await addMachine(site, {
    macs: [macOf(41)],
    client: { any: { follows_redirects: true }, 'ipxe-2': {} },
  });
  for (const machine_id of [own.id, any.id])
    await site.admin('/api/v1/profiles', {
      name: 'debian',
      machine_id,
      kernel: 'debian@12',
      initrds: ['debian@12'],
    });
  const kernel = async (machine: string, userAgent: string) => {
    const { active } = (await site.admin(at(machine))).json;
    return (await site.boot(`/asset/${active}/kernel?machine=${machine}`, { userAgent })).status;
  };
  t.is(await kernel(site.machine, agents.ipxe), 302);
  t.is(await kernel(own.id, agents.ipxe), 200);
  t.is(await kernel(own.id, agents.oldIpxe), 302);
  t.is(await kernel(any.id, agents.firmware), 302);
  t.is(await kernel(any.id, agents.ipxe), 302);
  t.is((await site.boot(`/m/${macOf(40)}/kernel`, { userAgent: agents.ipxe })).status, 200);
  const explained = (
    await site.admin(`/api/v1/explain?mac=${macOf(40)}&user_agent=${encodeURIComponent(agents.ipxe)}`)
  ).json;
  t.like(explained, {
    plan: 'stream',
    reason: "ipxe-2, as this machine's override has it, does not follow redirects",
    client: { id: 'ipxe-2', followsRedirects: false, overridden: ['follows_redirects'] },
  });
});
