import anyTest, { type TestFn } from 'ava';
import { addMachine, brokerFor } from '../../support/broker.ts';
import { until } from '../../support/http.ts';
import { agents, mac, problem, type Site, startSite } from '../site.ts';

const test = anyTest as TestFn;
let site: Site;
test.before(async () => {
  site = await startSite();
});
test.after.always(() => site?.close());

const asks = (query: string) => site.boot(`/boot.ipxe?${query}`, { userAgent: agents.ipxe });
/** The same for each boot, of which every script has a name of its own. */
const bare = (script: string) => script.replaceAll(/&boot=[\w-]+/g, '');

test('what cannot be read is no claim, in whatever parameter, and the MAC decides', async (t) => {
  const text = bare((await asks(`mac=${mac}`)).text);
  const by = { userAgent: agents.ipxe };
  for (const unread of [
    ...[
      'serial=%FF%FF',
      'serial=AB%ff',
      'serial=%fc',
      'uuid=%ff',
      'uuid=%',
      'serial=100%',
      'arch=%C3',
      'version=%E2%82',
    ],
    ...[
      'x=100%',
      'hostname=m%FCller',
      'asset=%FF',
      '%FF=1',
      '%=%',
      'machine=%FF',
      'x=%zz&y=%4',
      'serial=%FF&serial=2',
    ],
  ]) {
    t.is(bare((await asks(`mac=${mac}&${unread}`)).text), text, unread);
    const path = await site.boot(`/m/${mac}/boot.ipxe?${unread}`, { userAgent: agents.ipxe });
    t.deepEqual(
      [path.status, bare(path.text)],
      [200, text.replaceAll('/boot.ipxe', `/m/${mac.replaceAll(':', '-')}/boot.ipxe`)],
      unread,
    );
    t.is((await site.boot(`/report/up?mac=${mac}&${unread}`)).status, 200, unread);
    t.is((await site.boot(`/m/${mac}/kernel?${unread}`, by)).status, 302, unread);
    t.is((await site.boot(`/asset/${site.revision}/kernel?${unread}`, by)).status, 302, unread);
  }
  t.is((await asks('mac=%4')).text, (await asks('')).text, 'it does not say who it is');
  t.is((await site.boot('/m/%FF/boot.ipxe')).json.type, problem('bad-request-target'));
});

test('the log names the MAC of whoever says what cannot be read, and who is unknown is pending', async (t) => {
  const broker = await brokerFor(t);
  const query = 'mac=52:54:00:0c:00:01&serial=%FF%FF';
  const { status, headers } = await broker.boot(`/boot.ipxe?${query}`, { userAgent: agents.ipxe });
  t.is(status, 404);
  const line = () => broker.log.find(({ request_id }) => request_id === headers['x-request-id']);
  await until(line);
  t.is(line()?.mac, '52:54:00:0c:00:01');
  await until(async () => (await broker.admin('/api/v1/machines/pending/52:54:00:0c:00:01')).status === 200);
});

test('hardware addresses of InfiniBand are registered and claimed as those of Ethernet are', async (t) => {
  const guid = 'b8:ce:f6:03:00:31:33:3e';
  const ipoib = `80:00:00:48:fe:80:00:00:00:00:00:00:${guid}`;
  for (const [registered, spellings] of [
    [
      guid,
      [
        guid.toUpperCase(),
        guid.replaceAll(':', '-'),
        guid.replaceAll(':', ''),
        `20:${guid}`,
        `20-${guid.replaceAll(':', '-')}`,
      ],
    ],
    [ipoib, [ipoib.replaceAll(':', '-'), ipoib.toUpperCase()]],
  ] as const) {
    const broker = await brokerFor(t);
    const { id, macs } = await addMachine(broker, { macs: [registered] });
    t.deepEqual(macs, [registered]);
    for (const one of [registered, ...spellings]) {
      const { json } = await broker.boot(`/boot.ipxe?mac=${one}`, { userAgent: agents.ipxe });
      t.is(json.type, problem('no-profile'), one);
      t.is((await broker.admin(`/api/v1/machines?mac=${one}`)).json.items[0]?.id, id, one);
    }
  }
});

test('the form that BOOTIF has is understood', async (t) => {
  for (const form of ['01-52-54-00-AA-BB-01', '01:52:54:00:aa:bb:01', '01525400aabb01'])
    t.is(bare((await asks(`mac=${form}`)).text), bare((await asks(`mac=${mac}`)).text), form);
});

test('a MAC that is none is no claim where a UUID says who it is; without one it is refused, and why', async (t) => {
  const uuid = '4c4c4544-0044-4a10-8031-b4c04f4b4d31';
  const { id } = await addMachine(site, { macs: ['52:54:00:0c:00:02'], uuid });
  const none = [
    '00:00:00:00:00:00',
    'ff:ff:ff:ff:ff:ff',
    '01:00:5e:00:00:01',
    '52:54-00:aa:bb:01',
    'nonsense',
    '52:54:00:aa:bb:01:02',
  ];
  for (const one of none) {
    const found = await asks(`mac=${one}&uuid=${uuid}`);
    t.is(found.json.type, problem('no-profile'), one);
    t.regex(found.json.detail, new RegExp(id));
    for (const query of [`mac=${one}`, `mac=${one}&uuid=03000200-0400-0500-0006-000700080009`])
      t.is((await asks(query)).json.type, problem('bad-identity'), query);
  }
  t.regex((await asks('mac=01:00:5e:00:00:01')).json.detail, /this one is a group's/);
  t.regex((await asks('mac=00:00:00:00:00:00')).json.detail, /means that none is set/);
  const refused = await site.admin('/api/v1/machines', { macs: ['11:22:33:44:55:66'] });
  t.is(refused.status, 400);
  t.regex(refused.text, /this one is a group's/);
});

test('a UUID in the other byte order finds who has none other', async (t) => {
  const broker = await brokerFor(t);
  const { id } = await addMachine(broker, { uuid: '4c4c4544-0044-4a10-8031-b4c04f4b4d31' });
  const query = 'uuid=44454c4c-4400-104a-8031-b4c04f4b4d31';
  const { json } = await broker.boot(`/boot.ipxe?${query}`, { userAgent: agents.ipxe });
  t.regex(json.detail, new RegExp(id));
});

test('the hint to an unknown machine says what it said', async (t) => {
  const uuid = '4c4c4544-0077-4a10-8031-b4c04f4b4d31';
  for (const [query, hint] of [
    ['mac=52:54:00:0c:00:09&serial=S9', '--mac 52:54:00:0c:00:09'],
    [`uuid=${uuid}&serial=S9`, `--uuid ${uuid}`],
    ["serial=it's%209", "--serial 'it'\\''s 9'"],
  ] as const)
    t.true((await asks(query)).json.detail.endsWith(`Register it: bootbroker machine add ${hint}`), query);
});

test('the answer of a 403 names neither a machine nor its networks, and the log does', async (t) => {
  const { id } = await addMachine(site, { macs: ['52:54:00:0c:00:03'], networks: ['10.1.0.0/24'] });
  for (const target of [
    '/boot.ipxe?mac=52:54:00:0c:00:03',
    `/report/up?machine=${id}`,
    '/m/52:54:00:0c:00:03/kernel',
  ]) {
    const { json, text, headers } = await site.boot(target, { userAgent: agents.ipxe });
    t.is(json.type, problem('machine-not-here'), target);
    t.false(text.includes(id) || text.includes('10.1.0.0'), text);
    const line = () => site.log.find(({ request_id }) => request_id === headers['x-request-id']);
    await until(line);
    t.is(line()?.reason, `Machine ${id} boots from 10.1.0.0/24, not from 127.0.0.1.`);
  }
  const { json } = await site.admin('/api/v1/explain?mac=52:54:00:0c:00:03&source=127.0.0.1');
  t.true(
    json.steps.some(({ says }: { says: string }) => says === 'it boots from 10.1.0.0/24, not from 127.0.0.1'),
  );
});

test("IPv6's old form of an IPv4 address is not let in as that address, and a hop's port is not in its way", async (t) => {
  const settings = { BROKER_TRUSTED_PROXIES: '127.0.0.1/32', BROKER_ALLOWED_NETWORKS: '10.0.0.0/8' };
  const broker = await brokerFor(t, { settings });
  const from = (hop: string) =>
    broker.boot('/boot.ipxe', { headers: { 'X-Forwarded-For': hop }, userAgent: agents.ipxe });
  for (const hop of ['10.1.1.1', '::ffff:10.1.1.1', '10.1.1.1:51234', '[::ffff:a01:101]:443'])
    t.is((await from(hop)).status, 200, hop);
  for (const hop of ['::10.1.1.1', '::a01:101', '[::10.1.1.1]:443', '0:0:0:0:0:0:10.1.1.1']) {
    const { json } = await from(hop);
    t.is(json.type, problem('source-not-allowed'), hop);
    t.true(json.detail.includes(`the hop "${hop}"`), json.detail);
  }
});
