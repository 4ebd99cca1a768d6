import test from 'ava';
import { explained } from '../../../src/boot/explain/explain.ts';
import { type Recording, replayed } from '../../../src/boot/explain/recording.ts';
import { addMachine, addProfile, brokerFor, expectStatus, push } from '../../support/broker.ts';
import { askAsEdge, edgeKeysSetting } from '../../support/edge.ts';
import { agents } from '../site.ts';

const mac = '52:54:00:00:00:01';

test('explain says what every rule had to do with it, and what it says can be said again from its facts alone', async (t) => {
  const broker = await brokerFor(t);
  await push(broker, { kind: 'kernel', name: 'debian', bytes: Buffer.from('kernel') });
  await push(broker, { kind: 'efi', name: 'ipxe', bytes: Buffer.from('efi') });
  await addMachine(broker, { macs: [mac], labels: { rack: 'r1' }, networks: ['10.0.0.0/8'] });
  await addProfile(broker, {
    name: 'debian',
    kernel: 'debian@1',
    cmdline: 'rack={{ labels.rack | default: "?" }}',
  });
  const rule = async (more: object) =>
    expectStatus(
      await broker.admin('/api/v1/rules', { profile: 'debian', selector: { all: [] }, ...more }),
      201,
    ).json;
  await rule({ name: 'all', priority: 1 });
  await rule({ name: 'rack', priority: 2, selector: { label: { rack: 'r1' } } });
  await rule({ name: 'other', priority: 3, selector: { label: { rack: 'r2' } } });
  await rule({ name: 'site', priority: 4, selector: { network: '192.168.0.0/16' } });
  await rule({ name: 'later', priority: 5, profile: 'later' });

  const explain = async (query: Record<string, string>) =>
    expectStatus(await broker.admin(`/api/v1/explain?${new URLSearchParams(query)}`), 200).json;
  const { facts, ...said } = await explain({ mac, user_agent: agents.ipxe, source: '10.0.0.1', facts: '1' });
  t.deepEqual(said.rules, [
    { priority: 5, name: 'later', outcome: 'lost', reason: 'there is no revision of profile later yet' },
    {
      priority: 4,
      name: 'site',
      outcome: 'does not match',
      reason: 'source 10.0.0.1 is not in network 192.168.0.0/16',
    },
    { priority: 3, name: 'other', outcome: 'does not match', reason: 'label rack is r1, not r2' },
    { priority: 2, name: 'rack', outcome: 'won', reason: 'label rack is r1' },
    { priority: 1, name: 'all', outcome: 'lost', reason: 'rule rack has the higher priority: 2, not 1' },
  ]);
  t.like(said.assigned, { by: 'rule', rule: 'rack' });
  t.regex(said.boot_url.script, / rack=r1 /);
  t.like(said, { plan: 'redirect', reason: 'ipxe-2 follows redirects' });
  t.deepEqual(
    said.first_stages.map(({ arch, plan }: { arch: string; plan: string }) => [arch, plan]),
    [
      ['x86_64', 'stream'], // iPXE is started by firmware, which follows nothing
      ['arm64', 'refuse'],
    ],
  );
  t.like(said.source, { admitted: true, via: 'peer', machine_boots_from_here: true });
  t.regex(said.assets[0].signed_url, /^http.*X-Goog-Signature=\*\*\*$/);
  t.notRegex(JSON.stringify(facts), /X-Goog-Signature=[^*]/);

  const { request, settings, answers } = JSON.parse(JSON.stringify(facts)) as Recording;
  const again = await explained(request, settings, replayed(answers));
  t.deepEqual(JSON.parse(JSON.stringify(again)), said);

  const open = await explain({ mac, user_agent: agents.ipxe });
  t.like(open.rules[1], { name: 'site', outcome: 'undecided' });
  t.like(await explain({ mac, source: '192.168.0.1' }), {
    status: 403,
    boot_url: { plan: 'stream' },
    script: { problem: 'machine-not-here' },
  });
  // The boot URL without an architecture in its path means x86_64, whatever its caller says.
  t.like(await explain({ mac, arch: 'aarch64' }), {
    boot_url: { plan: 'stream', asset: 'efi ipxe@1 for x86_64' },
  });
  t.like(await explain({ mac: '52:54:00:00:00:99' }), {
    assigned: { by: 'nothing' },
    rules: [],
    revision: null,
  });
  t.is((await broker.admin('/api/v1/explain?arch=riscv64')).status, 200, 'a machine may say so');
  t.is((await broker.admin(`/api/v1/explain?arch=${'x'.repeat(41)}`)).status, 400);
});

test('a machine that is bound to networks is refused from elsewhere, by explain as by the boot plane', async (t) => {
  const broker = await brokerFor(t);
  await push(broker, { kind: 'kernel', name: 'debian', bytes: Buffer.from('kernel') });
  const { id } = await addMachine(broker, { macs: [mac], networks: ['10.1.0.0/24'] });
  await addProfile(broker, { name: 'debian', machine_id: id, kernel: 'debian@1' });
  const explain = async (query: Record<string, string>) =>
    (await broker.admin(`/api/v1/explain?${new URLSearchParams({ mac, user_agent: agents.ipxe, ...query })}`))
      .json;
  const refused = { status: 403, plan: 'refuse' };
  const said = await explain({ source: '127.0.0.1' });
  t.like(said, { ...refused, boot_url: { ...refused, problem: 'machine-not-here' } });
  t.like(said, { assets: { length: 0 }, source: { admitted: true, machine_boots_from_here: false } });
  t.is((await broker.boot(`/boot.ipxe?mac=${mac}`, { userAgent: agents.ipxe })).json.detail, said.reason);
  t.like(await explain({ source: '10.1.0.9' }), { status: 302, plan: 'redirect' });
  t.like(await explain({}), { status: 302, plan: 'redirect' });
});

test('explain goes by the proxies that are trusted, and by what unknown machines get', async (t) => {
  const broker = await brokerFor(t, {
    settings: { BROKER_TRUSTED_PROXIES: '10.9.0.0/16', BROKER_UNKNOWN_MACHINE: 'profile:enroll' },
  });
  await push(broker, { kind: 'kernel', name: 'debian', bytes: Buffer.from('kernel') });
  const explain = async (query: Record<string, string>) =>
    (await broker.admin(`/api/v1/explain?${new URLSearchParams(query)}`)).json;
  t.like(await explain({ mac, user_agent: agents.ipxe }), {
    assigned: { by: 'unknown-policy' },
    boot_url: { plan: 'refuse', status: 404, problem: 'no-profile' },
  });
  await addProfile(broker, {
    name: 'enroll',
    kernel: 'debian@1',
    cmdline: 'mac={{ machine.mac | default: "?" }}',
  });
  const unknown = await explain({
    mac,
    user_agent: agents.ipxe,
    source: '10.9.0.1',
    forwarded_for: '10.1.0.7',
  });
  t.like(unknown.source, { address: '10.1.0.7', via: 'forwarded', admitted: true });
  t.regex(unknown.boot_url.script, new RegExp(` mac=${mac} `));
  t.like((await explain({ mac, source: '10.9.0.1' })).source, { admitted: false });
});

test('a first stage is explained as firmware asks for it: by the interface that an edge vouches for, without a claim', async (t) => {
  const broker = await brokerFor(t, { settings: { BROKER_EDGE_KEYS: edgeKeysSetting } });
  for (const arch of ['x86_64', 'arm64'] as const)
    await push(broker, { kind: 'efi', name: 'ipxe', arch, bytes: Buffer.from(`efi for ${arch}`) });
  await push(broker, { kind: 'kernel', name: 'debian', bytes: Buffer.from('kernel') });
  await addMachine(broker, { macs: [mac] });
  await addProfile(broker, { name: 'disk', disk: true });
  await addProfile(broker, { name: 'debian', kernel: 'debian@1' });
  const rule = async (priority: number, selector: object, profile: string) => {
    const added = await broker.admin('/api/v1/rules', {
      name: `rule-${priority}`,
      priority,
      selector,
      profile,
    });
    return expectStatus(added, 201);
  };
  await rule(3, { manufacturer: 'HPE' }, 'debian');
  await rule(2, { arch: 'x86_64' }, 'disk');
  await rule(1, { all: [] }, 'debian');

  const request = { source: '192.168.7.20', hw: mac, mac, manufacturer: 'HPE', arch: 'arm64' };
  const query = new URLSearchParams({ ...request, user_agent: agents.firmware });
  const { json: said } = expectStatus(await broker.admin(`/api/v1/explain?${query}`), 200);
  t.deepEqual(
    said.first_stages.map(({ status, problem }: { status: number; problem?: string }) => [status, problem]),
    [
      [404, 'boots-from-disk'],
      [200, undefined],
    ],
  );
  for (const { path, status } of said.first_stages)
    t.is(
      (await askAsEdge(broker.bootPort, path, { hw: mac }, { userAgent: agents.firmware })).status,
      status,
    );
});
