import test from 'ava';
import { addMachine, addProfile, type Broker, brokerFor, push } from '../../support/broker.ts';
import { agents, problem } from '../site.ts';

const [here, elsewhere] = ['127.0.0.31', '127.0.0.66'];

async function withAssets(broker: Broker, name = 'own'): Promise<void> {
  for (const kind of ['kernel', 'initrd'] as const)
    await push(broker, { kind, name, bytes: Buffer.from(`${kind} of ${name}`) });
}

const made = (broker: Broker, name: string, more: object) =>
  addProfile(broker, { kernel: `${name}@1`, initrds: [`${name}@1`], ...more });

const status = async (broker: Broker, from: string, target: string) => {
  const { status, text } = await broker.boot(target, { from, userAgent: agents.ipxe });
  return status === 403 ? JSON.parse(text).type : status;
};

/** All routes to the assets of a revision of that image. */
const routes = (revision: string, name: string) => [
  `/asset/${revision}/kernel`,
  `/asset/${revision}/initrd`,
  `/asset/${revision}/initrd/0`,
  `/assets/${name}/kernel`,
  `/assets/${name}/initrd`,
  `/assets/${name}:1:x86_64/initrd`,
  `/kernels/${name}.img`,
  `/initrd/${name}.img`,
];

test('what a machine that names its networks boots goes to these alone, by whatever route', async (t) => {
  const broker = await brokerFor(t);
  await withAssets(broker);
  const { id } = await addMachine(broker, { macs: ['52:54:00:0b:00:01'], networks: [`${here}/32`] });
  const revision = await made(broker, 'own', { machine_id: id });
  for (const target of routes(revision.id, 'own')) {
    t.is(await status(broker, here, target), 302, target);
    const { text, json } = await broker.boot(target, { from: elsewhere, userAgent: agents.ipxe });
    t.is(json.type, problem('asset-not-here'), target);
    t.false(text.includes(id) || text.includes(here), text);
  }
  t.is(await status(broker, here, `/asset/${revision.id}/kernel?machine=${id}`), 302);
  t.is(
    await status(broker, elsewhere, `/asset/${revision.id}/kernel?machine=${id}`),
    problem('machine-not-here'),
  );
  t.is(
    await status(broker, elsewhere, `/asset/${revision.id}/kernel?machine=nobody`),
    problem('asset-not-here'),
  );
  const { json } = await broker.admin(
    `/api/v1/explain?mac=52:54:00:0b:00:01&source=${elsewhere}&user_agent=iPXE/2.0`,
  );
  t.is(json.status, 403);
});

test('networks that a machine is given later bind what was made for it; what it loses is free again', async (t) => {
  const broker = await brokerFor(t);
  await withAssets(broker);
  const macs = ['52:54:00:0b:00:01'];
  const { id } = await addMachine(broker, { macs });
  const revision = await made(broker, 'own', { machine_id: id });
  const target = `/asset/${revision.id}/kernel`;
  t.is(await status(broker, elsewhere, target), 302);
  await broker.admin(`/api/v1/machines/${id}`, { macs, networks: [`${here}/32`] }, { method: 'PUT' });
  t.is(await status(broker, elsewhere, target), problem('asset-not-here'));
  t.is(await status(broker, here, target), 302);
  await broker.admin(`/api/v1/machines/${id}`, { macs }, { method: 'PUT' });
  t.is(await status(broker, elsewhere, target), 302);
  await broker.admin(`/api/v1/machines/${id}`, undefined, { method: 'DELETE' });
  t.is(
    await status(broker, elsewhere, target),
    problem('asset-not-here'),
    'nobody is left for whom it was made',
  );
});

test('what is for everybody, or for a machine of no networks as well, is open', async (t) => {
  const broker = await brokerFor(t);
  for (const name of ['shared', 'both', 'unused']) await withAssets(broker, name);
  const bound = await addMachine(broker, { macs: ['52:54:00:0b:00:01'], networks: [`${here}/32`] });
  const free = await addMachine(broker, { macs: ['52:54:00:0b:00:02'] });
  const shared = await made(broker, 'shared', { name: 'shared' });
  await made(broker, 'shared', { machine_id: bound.id });
  for (const target of routes(shared.id, 'shared'))
    t.is(await status(broker, elsewhere, target), 302, target);
  await made(broker, 'both', { machine_id: bound.id });
  t.is(await status(broker, elsewhere, '/assets/both/kernel'), problem('asset-not-here'));
  const both = await made(broker, 'both', { machine_id: free.id });
  for (const target of routes(both.id, 'both')) t.is(await status(broker, elsewhere, target), 302, target);
  t.is(await status(broker, elsewhere, '/assets/unused/kernel'), 302);
});

test('a machine fetches what a rule, or an apply, gives it of another machine, and first stages go to all', async (t) => {
  const broker = await brokerFor(t);
  await withAssets(broker);
  await push(broker, { kind: 'efi', name: 'ipxe', bytes: Buffer.from('efi') });
  const owner = await addMachine(broker, { macs: ['52:54:00:0b:00:01'], networks: [`${here}/32`] });
  await addProfile(broker, { machine_id: owner.id, efi: 'ipxe@1' });
  t.is(
    (await broker.boot('/boot/x86_64/boot.efi', { from: elsewhere, userAgent: agents.firmware })).status,
    200,
  );
  const revision = await made(broker, 'own', { name: 'given', machine_id: owner.id });
  const target = `/asset/${revision.id}/kernel`;
  const other = await addMachine(broker, { macs: ['52:54:00:0b:00:02'], networks: [`${elsewhere}/32`] });
  t.is(await status(broker, elsewhere, `${target}?machine=${other.id}`), problem('asset-not-here'));
  const profile = { name: 'given', kernel: 'own@1', initrds: ['own@1'] };
  const machines = [{ macs: ['52:54:00:0b:00:02'], networks: [`${elsewhere}/32`], profile }];
  t.is((await broker.admin('/api/v1/apply', { machines })).status, 200);
  t.is(
    (await broker.admin(`/api/v1/machines/${other.id}`)).json.active,
    revision.id,
    'no second one is made',
  );
  t.is(await status(broker, elsewhere, `${target}?machine=${other.id}`), 302);
  t.is(await status(broker, '127.0.0.99', target), problem('asset-not-here'));
  const rule = { name: 'all', priority: 1, selector: { all: [] }, profile: 'given' };
  t.is((await broker.admin('/api/v1/rules', rule)).status, 201);
  t.is(await status(broker, '127.0.0.99', target), 302, 'a rule hands it out');
});

test('apply binds as profile create does', async (t) => {
  const broker = await brokerFor(t);
  for (const name of ['own', 'shared']) await withAssets(broker, name);
  const profile = { kernel: 'own@1', initrds: ['own@1'] };
  const machines = [{ name: 'm1', macs: ['52:54:00:0b:00:01'], networks: [`${here}/32`], profile }];
  const profiles = [{ name: 'shared', kernel: 'shared@1', initrds: ['shared@1'] }];
  t.is((await broker.admin('/api/v1/apply', { profiles, machines })).status, 200);
  const { items } = (await broker.admin('/api/v1/profiles')).json;
  const idOf = (wanted: string) => items.find(({ name }: { name: string }) => name === wanted).id;
  for (const target of routes(idOf('m1'), 'own')) {
    t.is(await status(broker, here, target), 302, target);
    t.is(await status(broker, elsewhere, target), problem('asset-not-here'), target);
  }
  for (const target of routes(idOf('shared'), 'shared'))
    t.is(await status(broker, elsewhere, target), 302, target);
  const again = await broker.admin('/api/v1/apply', { profiles, machines });
  t.deepEqual(again.json.changes, []);
});
