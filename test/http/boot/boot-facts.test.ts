import anyTest, { type TestFn } from 'ava';
import { addMachine, addProfile, brokerFor, push } from '../../support/broker.ts';
import { agents, problem, type Site, startSite } from '../site.ts';

const test = anyTest as TestFn;
let site: Site;
test.before(async () => {
  site = await startSite();
});
test.after.always(() => site?.close());

const ipxe = { userAgent: agents.ipxe };
const macs = ['52:54:00:0e:00:01', '52:54:00:0e:00:02'];
const uuid = '4c4c4544-000e-4000-8000-000000000001';
const cmdline = 'BOOTIF=01-{{ boot.mac | replace: ":", "-" }} url={{ boot.origin }}/x ip=dhcp';

test('boot.mac is the interface that boots, boot.origin the address that it reached; explain says from where it knows', async (t) => {
  const { id } = await addMachine(site, { macs, uuid });
  await addProfile(site, { name: 'bootif', machine_id: id, kernel: 'debian@12', cmdline });
  const here = `http://127.0.0.1:${site.bootPort}`;
  for (const [query, mac] of [
    [`mac=${macs[1]}`, macs[1]],
    [`mac=${macs[0]}`, macs[0]],
    [`uuid=${uuid}`, macs[0]],
  ] as const) {
    const { text } = await site.boot(`/boot.ipxe?${query}`, ipxe);
    t.true(text.includes(` BOOTIF=01-${mac?.replaceAll(':', '-')} url=${here}/x ip=dhcp || `), text);
  }
  const said = (await site.admin(`/api/v1/explain?uuid=${uuid}&user_agent=iPXE/2.0`)).json;
  const told = said.steps.find(({ step }: { step: string }) => step === 'rendered').says;
  t.regex(told, /boot\.mac is 52:54:00:0e:00:01, the machine's first, for the request names none/);
  t.regex(told, /boot\.origin is http:\/\/192\.0\.2\.1:8080, an example, for BROKER_PUBLIC_URL is unset/);
});

test('BROKER_PUBLIC_URL is what machines are told, on both planes', async (t) => {
  const url = 'http://boot.example.com:8080';
  const broker = await brokerFor(t, {
    settings: { BROKER_PUBLIC_URL: url, BROKER_UNKNOWN_MACHINE: 'profile:live' },
  });
  const profile = { name: 'live', efi: 'ipxe@1', cmdline: 'from={{ boot.origin }} if={{ boot.mac }}' };
  await push(broker, { kind: 'efi', name: 'ipxe', bytes: Buffer.from('efi') });
  await addProfile(broker, profile);
  const { text } = await broker.boot(`/boot.ipxe?mac=${macs[1]}`, ipxe);
  t.true(text.includes(` from=${url} if=${macs[1]} `), text);
  const said = (await broker.admin(`/api/v1/explain?mac=${macs[1]}&user_agent=iPXE/2.0`)).json;
  t.is(said.boot_url.script.replaceAll(/boot=[0-9a-f-]+/g, ''), text.replaceAll(/boot=[0-9a-f-]+/g, ''));
  const nameless = (await broker.boot(`/boot.ipxe?uuid=${uuid}`, ipxe)).json;
  t.is(nameless.type, problem('template-error'), 'nobody says any MAC');
});

test('what is written is tried with an example of a boot, and so are dry runs', async (t) => {
  const { id } = await addMachine(site, { serial: 'no mac' });
  const body = { name: 'tried', machine_id: id, kernel: 'debian@12', cmdline };
  const tried = (await site.admin('/api/v1/profiles?dry_run=1', body)).json;
  t.regex(tried.items[0].after.script, /BOOTIF=01-52-54-00-12-34-56 url=http:\/\/192\.0\.2\.1:8080\/x/);
  t.is((await site.admin('/api/v1/profiles', body)).status, 201);
  const bad = await site.admin('/api/v1/profiles', { ...body, cmdline: '{{ boot.uuid }}' });
  t.is(bad.json.type, problem('template-error'));
});

test('initrds have names, for programs that look for them: wimboot gets its files and no initrd= words', async (t) => {
  const { id } = await addMachine(site, { macs: ['52:54:00:0e:00:03'] });
  const body = {
    name: 'winpe',
    machine_id: id,
    kernel: 'debian@12',
    initrds: ['BCD=debian@12', { name: 'boot.wim', asset: 'debian@12' }, 'debian@12'],
    cmdline: 'gui initrd=boot.wim initrd=other',
  };
  const { json, status } = await site.admin('/api/v1/profiles', body);
  t.is(status, 201);
  t.deepEqual(
    json.initrds.map(({ loaded_as }: { loaded_as?: string }) => loaded_as),
    ['BCD', 'boot.wim', undefined],
  );
  t.is(json.warnings.length, 1, 'what names a file that is there stays');
  const { text } = await site.boot('/boot.ipxe?mac=52:54:00:0e:00:03', ipxe);
  t.regex(text, /kernel --name kernel \S+ initrd=initrd2 gui initrd=boot\.wim \|\|/);
  t.regex(
    text,
    /initrd --name BCD \S+initrd\/0\S* \|\|.*\ninitrd --name boot\.wim .*\ninitrd --name initrd2 /,
  );
  const plain = await addProfile(site, { name: 'winpe', kernel: 'debian@12', initrds: ['debian@12'] });
  const { differences } = (await site.admin(`/api/v1/profiles/${plain.id}/diff/${json.id}`)).json;
  t.regex(JSON.stringify(differences), /boot\.wim=debian@12/);
  for (const initrds of [
    ['a=debian@12', 'A=debian@12'],
    ['kernel=debian@12'],
    ['initrd0=debian@12'],
    ['a b=debian@12'],
    ['-x=debian@12'],
    ['=debian@12'],
    ['a=b=debian@12'],
    [{ name: 'x/y', asset: 'debian@12' }],
    [{ name: 'x' }],
  ])
    t.is((await site.admin('/api/v1/profiles', { ...body, initrds })).status, 400, JSON.stringify(initrds));
});

test('files keep the names of initrds', async (t) => {
  const profiles = [{ name: 'pe', kernel: 'debian@12', initrds: ['BCD=debian@12', 'boot.wim=debian@12'] }];
  t.is((await site.admin('/api/v1/apply', { profiles })).json.changes.length, 1);
  t.deepEqual((await site.admin('/api/v1/apply', { profiles })).json.changes, []);
  const byId = [{ ...profiles[0], initrds: [`BCD=${site.initrd.id}`, 'boot.wim=debian@12'] }];
  t.deepEqual((await site.admin('/api/v1/apply', { profiles: byId })).json.changes, []);
  const others = [{ ...profiles[0], initrds: ['BCD=debian@12', 'x.wim=debian@12'] }];
  t.is((await site.admin('/api/v1/apply', { profiles: others })).json.changes.length, 1);
});
