import anyTest, { type TestFn } from 'ava';
import { command } from '../../cli/command.ts';
import { addMachine, addProfile, brokerFor } from '../../support/broker.ts';
import { edgeKeysSetting, vouch } from '../../support/edge.ts';
import { agents, mac as mac2, problem, type Site, startSite } from '../site.ts';

const test = anyTest as TestFn;
let site: Site;
test.before(async () => {
  site = await startSite();
  await addProfile(site, { name: 'disk', disk: true });
});
test.after.always(() => site?.close());

/** What iPXE is told to do, but for the line that says why. */
const told = ({ text }: { text: string }) => text.trimEnd().split('\n').slice(2);
const byPlatform = ['iseq ${platform} pcbios && sanboot --no-describe --drive 0x80 ||', 'exit 1'];
const ipxe = { userAgent: agents.ipxe };
const firmware = { userAgent: agents.firmware };

let last = 0;
async function onDisk(more: object = {}) {
  const mac = `52:54:00:0d:00:${(++last).toString(16).padStart(2, '0')}`;
  const { id } = await addMachine(site, { macs: [mac], ...more });
  await addProfile(site, { name: 'own', machine_id: id, disk: true });
  return { id, mac };
}

test('a machine whose profile is its disk is sent there by iPXE, as suits its platform', async (t) => {
  const { id, mac } = await onDisk();
  const answer = await site.boot(`/boot.ipxe?mac=${mac}`, ipxe);
  t.is(answer.status, 200);
  t.regex(
    answer.text,
    new RegExp(`^#!ipxe\n# bootbroker: machine ${id} boots from its disk: own, revision `),
  );
  t.deepEqual(told(answer), byPlatform);
  t.like((await site.boot(`/m/${mac}/kernel`, ipxe)).json, { type: problem('unknown-asset') });
  const said = (await site.admin(`/api/v1/explain?mac=${mac}&user_agent=iPXE/2.0.0`)).json;
  t.like(said, { plan: 'disk', status: 200, assets: [] });
  t.is(said.revision.disk, true);
  const { items } = (await site.admin(`/api/v1/boots?machine=${id}`)).json;
  t.is(items.at(-1).revision, said.revision.id);
});

test('an administrator who knows its firmware better says how', async (t) => {
  for (const [disk_boot, lines] of [
    ['exit', ['exit']],
    ['fail', ['exit 1']],
    ['sanboot', ['sanboot --no-describe --drive 0x80 ||', 'exit 1']],
  ] as const) {
    const { mac } = await onDisk({ disk_boot });
    t.deepEqual(told(await site.boot(`/boot.ipxe?mac=${mac}`, ipxe)), lines, disk_boot);
    t.is((await site.boot(`/m/${mac}/boot.efi`, firmware)).status, 200, 'it gets iPXE first');
  }
});

test('one that is to be told 404 is told so, but not by a script that would ask for ever', async (t) => {
  const { mac } = await onDisk({ disk_boot: '404' });
  t.like((await site.boot(`/m/${mac}/boot.ipxe`, ipxe)).json, {
    status: 404,
    type: problem('boots-from-disk'),
  });
  t.deepEqual(told(await site.boot(`/boot.ipxe?mac=${mac}&platform=efi&version=1.21.1`, ipxe)), ['exit 1']);
});

test('firmware that says whose it is gets 404 at once, and goes on to its next boot option', async (t) => {
  const { mac } = await onDisk();
  for (const target of [`/m/${mac}/boot.efi`, `/boot.efi?mac=${mac}`, `/boot/x86_64/boot.efi?mac=${mac}`])
    t.like((await site.boot(target, firmware)).json, { type: problem('boots-from-disk') }, target);
  t.is((await site.boot('/boot.efi', firmware)).status, 200, 'nobody says whose it is');
  t.is((await site.boot(`/m/${mac2}/boot.efi`, firmware)).status, 200);
  const { mac: elsewhere } = await onDisk({ networks: ['10.9.0.0/16'] });
  t.is(
    (await site.boot(`/m/${elsewhere}/boot.efi`, firmware)).status,
    200,
    'it is not believed to be that machine',
  );
});

test('firmware of whose interface an edge tells is sent on as well', async (t) => {
  const broker = await brokerFor(t, { settings: { BROKER_EDGE_KEYS: edgeKeysSetting } });
  const hw = '52:54:00:0d:ff:01';
  const { id } = await addMachine(broker, { macs: [hw] });
  await addProfile(broker, { name: 'own', machine_id: id, disk: true });
  const statement = vouch('GET', '/boot.efi', { address: '192.168.7.1', capabilities: [], hw });
  const { json } = await broker.boot('/boot.efi', { ...firmware, headers: { 'X-Boot-Edge': statement } });
  t.is(json.type, problem('boots-from-disk'));
});

test('rules hand it out, machines roll back to it, dry runs and differences show it', async (t) => {
  const mac = '52:54:00:0d:fe:01';
  const labels = { state: 'installed' };
  const { id } = await addMachine(site, { macs: [mac], labels });
  const rule = { name: 'to-disk', selector: { label: labels }, profile: 'disk', priority: 77 };
  const tried = (await site.admin('/api/v1/rules?dry_run=1', rule)).json;
  const [{ after }] = tried.items.filter((one: { machine: { id: string } }) => one.machine.id === id);
  t.is(after.profile, 'disk');
  t.regex(after.script, /exit 1/);
  t.is((await site.admin('/api/v1/rules', rule)).status, 201);
  t.deepEqual(told(await site.boot(`/boot.ipxe?mac=${mac}`, ipxe)), byPlatform);

  const { id: first } = await addProfile(site, { name: 'own', machine_id: id, disk: true });
  const { id: second } = await addProfile(site, { name: 'own', machine_id: id, kernel: 'debian@12' });
  const { differences } = (await site.admin(`/api/v1/profiles/${first}/diff/${second}`)).json;
  t.true(differences.some((one: { text: string }) => one.text === 'disk: gone, was true'));
  t.is((await site.admin(`/api/v1/machines/${id}/rollback`, {})).status, 200);
  t.deepEqual(told(await site.boot(`/boot.ipxe?mac=${mac}`, ipxe)), byPlatform);
});

test('files and flags say it as the API does', async (t) => {
  const apply = {
    profiles: [{ name: 'in-files', disk: true }],
    machines: [{ serial: 'D1', profile: 'in-files', disk_boot: 'fail' }],
  };
  t.is((await site.admin('/api/v1/apply', apply)).status, 200);
  t.deepEqual((await site.admin('/api/v1/apply', apply)).json.changes, []);
  const run = command({ url: `http://127.0.0.1:${site.adminPort}`, token: site.parts.adminToken });
  const made = await run('profile', 'create', '--name', 'by-flag', '--disk', '--json');
  t.is(JSON.parse(made.stdout).disk, true, made.stderr);
  const listed = await run('profile', 'list', '--name', 'by-flag');
  t.regex(listed.stdout, /by-flag .* disk /);
  const exported = await run('export');
  t.regex(exported.stdout, /- name: in-files\n {4}disk: true\n/);
  t.regex(exported.stdout, /disk_boot: fail/);
  for (const bad of [{ kernel: 'debian@12' }, { cmdline: 'quiet' }, { initrd: 'debian@12' }])
    t.is((await site.admin('/api/v1/profiles', { name: 'bad', disk: true, ...bad })).status, 400);
});

for (const [policy, registered, unknown] of [
  ['refuse', 'no-profile', 'unknown-machine'],
  ['exit', 'disk', 'disk'],
  ['profile:inventory', 'inventory', 'inventory'],
  ['profile:none-yet', 'no-profile', 'no-profile'],
] as const)
  test(`a registered machine without a profile gets what unknown ones get: ${policy}`, async (t) => {
    const broker = await brokerFor(t, { settings: { BROKER_UNKNOWN_MACHINE: policy } });
    await addProfile(broker, { name: 'inventory', disk: true });
    await addMachine(broker, { macs: ['52:54:00:0d:00:01'] });
    for (const [mac, wanted] of [
      ['52:54:00:0d:00:01', registered],
      ['52:54:00:0d:00:02', unknown],
    ] as const) {
      const said = (await broker.admin(`/api/v1/explain?mac=${mac}&user_agent=iPXE/2.0`)).json;
      const answer = await broker.boot(`/boot.ipxe?mac=${mac}`, ipxe);
      const { status, text } = answer;
      t.is(said.status, status);
      if (wanted === 'no-profile' || wanted === 'unknown-machine')
        t.is(answer.json.type, problem(wanted), mac);
      else
        t.is(
          /boots from its disk(: inventory)?/.exec(text)?.[1] ?? '',
          wanted === 'disk' ? '' : ': inventory',
        );
      t.is(said.assigned.by, policy === 'refuse' ? 'nothing' : 'unknown-policy');
    }
  });
