import anyTest, { type TestFn } from 'ava';
import { addMachine, push } from '../../support/broker.ts';
import { agents, problem, type Site, startSite } from '../site.ts';

const test = anyTest as TestFn;
let site: Site;
test.before(async () => {
  site = await startSite();
  await push(site, {
    kind: 'kernel',
    name: 'debian',
    version: '12',
    arch: 'arm64',
    bytes: Buffer.from('arm'),
  });
});
test.after.always(() => site?.close());

const create = (profile: object) => site.admin('/api/v1/profiles', profile);

test('what the decision record sends, {machine_id, kernel, initrd, metadata}, is what the machine boots', async (t) => {
  const mac = '52:54:00:0a:00:01';
  const { id } = await addMachine(site, { name: 'node-01', macs: [mac] });
  const metadata = { os: 'debian', owner: 'infra' };
  const sent = { machine_id: id, kernel: site.kernel.id, initrd: site.initrd.id, metadata };
  const { status, headers, json } = await create(sent);
  t.is(status, 201);
  t.is(headers.location, `/api/v1/profiles/${json.id}`);
  t.like(json, { name: 'node-01', machine_id: id, arch: 'x86_64', metadata });
  t.is(json.kernel.asset_id, site.kernel.id);
  t.deepEqual(
    json.initrds.map((one: { asset_id: string }) => one.asset_id),
    [site.initrd.id],
  );
  const script = await site.boot(`/boot.ipxe?mac=${mac}`, { userAgent: agents.ipxe });
  t.true(script.text.includes(`/asset/${json.id}/kernel`), script.text);

  // Another one for the same machine replaces it.
  const again = await create({ ...sent, kernel: site.kernel.id.toUpperCase(), initrd: 'debian@12' });
  t.is(again.json.kernel.asset_id, site.kernel.id);
  t.is((await site.admin(`/api/v1/machines/${id}`)).json.active, again.json.id);
});

test('a profile without a name is called like its machine, or by its id', async (t) => {
  const { id } = await addMachine(site, { serial: 'nameless' });
  t.is((await create({ machine_id: id, kernel: 'debian@12' })).json.name, id);
  t.is((await create({ machine_id: id, name: 'own', kernel: 'debian@12' })).json.name, 'own');
  const { status, json } = await create({ kernel: 'debian@12' });
  t.deepEqual([status, json.type], [400, problem('bad-input')]);
  t.deepEqual(
    json.errors.map(({ pointer }: { pointer: string }) => pointer),
    ['#/name'],
  );
  t.is((await create({ machine_id: 'nobody', kernel: 'debian@12' })).json.type, problem('unknown-machine'));
});

test('one initrd may be said as initrd or as initrds, never as both', async (t) => {
  const profile = { name: 'initrds', kernel: 'debian@12' };
  const bare = ({ initrds }: { initrds: unknown }) => initrds;
  const [one, list] = [
    await create({ ...profile, initrd: 'debian@12' }),
    await create({ ...profile, initrds: ['debian@12'] }),
  ];
  t.deepEqual([one.status, list.status], [201, 201]);
  t.deepEqual(bare(one.json), bare(list.json));
  for (const initrds of [[], ['debian@12']]) {
    const { status, json } = await create({ ...profile, initrd: 'debian@12', initrds });
    t.is(status, 400);
    t.regex(json.detail, /initrd: says the same as initrds/);
    t.is(json.errors[0].pointer, '#/initrd');
  }
  t.is((await create({ ...profile, initrd: ['debian@12'] })).status, 400);
});

test('an id of another kind of asset, of another architecture or of none is refused by saying so', async (t) => {
  const refusal = async (profile: object) => {
    const { status, json } = await create({ name: 'wrong', ...profile });
    return [status, json.type, json.detail];
  };
  const { id, initrd } = { id: site.kernel.id, initrd: site.initrd.id };
  t.deepEqual(await refusal({ kernel: initrd }), [
    400,
    problem('bad-input'),
    `asset ${initrd} is initrd debian@12 for x86_64, and a kernel for x86_64 is needed here.`,
  ]);
  t.deepEqual(await refusal({ arch: 'arm64', kernel: id }), [
    400,
    problem('bad-input'),
    `asset ${id} is kernel debian@12 for x86_64, and a kernel for arm64 is needed here.`,
  ]);
  const nobody = '00000000-0000-7000-8000-000000000000';
  t.deepEqual(await refusal({ kernel: nobody }), [
    422,
    problem('asset-not-ready'),
    `There is no asset ${nobody}: bootbroker asset list shows all.`,
  ]);
  const { id: arm } = await addMachine(site, { serial: 'arm', labels: { arch: 'arm64' } });
  t.is((await create({ machine_id: arm, kernel: id })).status, 400);
  t.is((await create({ machine_id: arm, kernel: 'debian@12' })).json.arch, 'arm64');
});

test('the description of the API knows all of it', async (t) => {
  const { json } = await site.admin('/openapi.json');
  const { schema } = json.paths['/api/v1/profiles'].post.requestBody.content['application/json'];
  t.true(
    'initrd' in schema.properties && 'initrds' in schema.properties && 'machine_id' in schema.properties,
  );
  t.is(schema.required, undefined);
});
