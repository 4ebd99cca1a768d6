import anyTest, { type TestFn } from 'ava';
import { addMachine, addProfile } from '../../support/broker.ts';
import { type Site, startSite } from '../site.ts';

const test = anyTest as TestFn;
let site: Site;
test.before(async () => {
  site = await startSite({ settings: { BROKER_UNKNOWN_MACHINE: 'profile:rescue' } });
});
test.after.always(() => site?.close());

const type = 'urn:bootbroker:warning:open-secret';
const secret = {
  name: 's',
  kernel: 'debian@12',
  cmdline: 'quiet rootpw=HUNTER2 net0/psk={{ machine.labels.psk }}',
};
const typesOf = ({ json }: { json: { warnings?: { type: string }[] } }) =>
  json.warnings?.map((one) => one.type) ?? [];
let last = 0;
function machine(networks: readonly string[]) {
  last += 1;
  return addMachine(site, {
    macs: [`52:54:00:0e:00:${String(last).padStart(2, '0')}`],
    networks: [...networks],
    labels: { psk: 'x' },
  });
}

test.serial(
  'a secret on the command line of a machine without networks is a warning, and not told in it',
  async (t) => {
    const { id } = await machine([]);
    for (const query of ['?dry_run=1', '']) {
      const answer = await site.admin(`/api/v1/profiles${query}`, { ...secret, machine_id: id });
      t.deepEqual(typesOf(answer), [type], query);
      t.regex(answer.json.warnings[0].detail, /\(rootpw=\*\*\* net0\/psk=\*\*\*\).*names no networks/);
      t.false(JSON.stringify(answer.json.warnings).includes('HUNTER2'));
    }
    const bound = await machine(['10.1.0.0/24']);
    t.deepEqual(typesOf(await site.admin('/api/v1/profiles', { ...secret, machine_id: bound.id })), []);
    const harmless = { ...secret, cmdline: 'quiet', machine_id: id };
    t.deepEqual(typesOf(await site.admin('/api/v1/profiles', harmless)), []);
  },
);

test.serial(
  'so it is when it is activated, when a rule hands it out, and when the machine loses its networks',
  async (t) => {
    const { id } = await machine([]);
    await addProfile(site, { ...secret, name: 'later', machine_id: id });
    await addProfile(site, { ...secret, name: 'later', machine_id: id, cmdline: 'quiet' });
    t.deepEqual(typesOf(await site.admin(`/api/v1/machines/${id}/rollback`, {})), [type]);
    const bound = await machine(['10.1.0.0/24']);
    t.deepEqual(
      typesOf(await site.admin('/api/v1/profiles', { ...secret, name: 'later', machine_id: bound.id })),
      [],
    );
    const { json } = await site.admin(`/api/v1/machines/${bound.id}`);
    const unbound = await site.admin(
      `/api/v1/machines/${bound.id}`,
      { macs: json.macs, labels: json.labels, networks: [] },
      { method: 'PUT' },
    );
    t.deepEqual(typesOf(unbound), [type], unbound.text);
    await machine([]);
    await machine([]);
    const rule = { name: 'all', priority: 1, profile: 'later', selector: { all: [] } };
    t.deepEqual(typesOf(await site.admin('/api/v1/rules', rule)), [type]);
  },
);

test.serial('so it is by apply, and where unknown machines are to get it', async (t) => {
  const machines = [
    { macs: ['52:54:00:0e:0f:01'], labels: { psk: 'x' }, profile: { ...secret, name: 'own' } },
  ];
  for (const query of ['?dry_run=1', ''])
    t.deepEqual(typesOf(await site.admin(`/api/v1/apply${query}`, { machines })), [type]);
  t.deepEqual(
    typesOf(await site.admin('/api/v1/profiles', { ...secret, name: 'rescue', cmdline: 'token=x' })),
    [type],
  );
});
