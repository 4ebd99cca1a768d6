import test, { type ExecutionContext } from 'ava';
import type { Asset } from '../../../src/boot/asset/asset.ts';
import type { Machine } from '../../../src/boot/machine/machine.ts';
import type { Rule } from '../../../src/boot/rule/rule.ts';
import { type Broker, brokerFor, push } from '../../support/broker.ts';
import type { Answered } from '../../support/http.ts';

const kernel = Buffer.from('a kernel');
const other = Buffer.from('another kernel');

async function stocked(t: ExecutionContext): Promise<Broker> {
  const broker = await brokerFor(t);
  await push(broker, { kind: 'kernel', name: 'debian', bytes: kernel });
  await push(broker, { kind: 'initrd', name: 'debian', bytes: other });
  await push(broker, { kind: 'kernel', name: 'debian', arch: 'arm64', bytes: other });
  return broker;
}

const debian = { name: 'debian', kernel: 'debian@1', cmdline: 'quiet' };
const one = { name: 'one', macs: ['52:54:00:00:00:01'], profile: 'debian' };

const apply = ({ admin }: Broker, desired: object, query = '') => admin(`/api/v1/apply${query}`, desired);
const items = async <Item>({ admin }: Broker, path: string): Promise<Item[]> =>
  (await admin(`/api/v1/${path}?limit=1000`)).json.items;

function brief(t: ExecutionContext, answered: Answered): string[] {
  t.is(answered.status, 200, answered.text);
  return answered.json.changes.map(
    ({ action, kind, name, differences }: Record<string, unknown> & { differences: { text: string }[] }) =>
      [action, kind, name, ...differences.map(({ text }) => text)].join(' | '),
  );
}

test.serial('a desired state is made in one go; the second time nothing changes', async (t) => {
  const broker = await stocked(t);
  const desired = {
    profiles: [debian],
    machines: [one, { macs: ['52-54-00-00-00-02'], labels: { role: 'db' } }],
    rules: [{ name: 'all', selector: { all: [] }, profile: 'debian', priority: 1 }],
  };
  const made = [
    'create | profile | debian for x86_64',
    'create | rule | all',
    'create | machine | one',
    'create | machine | 52:54:00:00:00:02',
  ];
  t.deepEqual(brief(t, await apply(broker, desired, '?dry_run=1')), made);
  t.deepEqual(await items(broker, 'machines'), [], 'a dry run writes nothing');
  t.deepEqual(brief(t, await apply(broker, desired)), made);
  const machines = await items<Machine>(broker, 'machines');
  const [revision, ...more] = await items<{ id: string }>(broker, 'profiles');
  t.is(more.length, 0);
  t.like(machines[0], { name: 'one', active: revision?.id, version: 1, managed_by: 'apply' });
  t.is(machines[1]?.active, undefined);
  t.like((await items<Rule>(broker, 'rules'))[0], { name: 'all', active: revision?.id, version: 1 });

  t.deepEqual(brief(t, await apply(broker, desired)), []);
  t.deepEqual(await items<Machine>(broker, 'machines'), machines);
  t.is((await items(broker, 'profiles')).length, 1);
});

test.serial(
  'a changed profile is one new revision for all that share it, and goes to rules that the files do not name',
  async (t) => {
    const broker = await stocked(t);
    await apply(broker, { profiles: [debian], machines: [one] });
    await broker.admin('/api/v1/rules', {
      name: 'hers',
      selector: { all: [] },
      profile: 'debian',
      priority: 5,
    });
    const changed = await apply(broker, {
      profiles: [{ ...debian, cmdline: 'quiet debug' }],
      machines: [one],
    });
    t.deepEqual(brief(t, changed), [
      'change | profile | debian for x86_64 | cmdline: with debug',
      'change | rule | hers | profile: debian, another revision of it',
      'change | machine | one | profile: debian, another revision of it',
    ]);
    const [, revision] = await items<{ id: string }>(broker, 'profiles');
    t.like((await items<Rule>(broker, 'rules'))[0], { active: revision?.id });
    const [machine] = await items<Machine>(broker, 'machines');
    t.like(machine, { active: revision?.id, version: 2 });
    t.is(machine?.history.length, 2);
  },
);

test.serial(
  'machines are found by MAC, by UUID, by serial, and by a name that is theirs alone',
  async (t) => {
    const broker = await stocked(t);
    const uuid = '4c4c4544-0044-4a10-8031-b4c04f4b4d31';
    await apply(broker, {
      machines: [
        { name: 'a', macs: ['52:54:00:00:00:0a'] },
        { macs: ['52:54:00:00:00:0b'], uuid },
        { macs: ['52:54:00:00:00:0c'], serial: 'S1' },
        { name: 'd', macs: ['52:54:00:00:00:0d'] },
      ],
    });
    const before = await items<Machine>(broker, 'machines');
    const changed = await apply(broker, {
      machines: [
        { name: 'renamed', macs: ['52:54:00:00:00:0a'] },
        { macs: ['52:54:00:00:00:1b'], uuid },
        { serial: 'S1' },
        { name: 'd', macs: ['52:54:00:00:00:1d'] },
      ],
    });
    t.deepEqual(brief(t, changed), [
      'change | machine | renamed | name: a becomes renamed',
      'change | machine | 52:54:00:00:00:1b | macs.0: 52:54:00:00:00:0b becomes 52:54:00:00:00:1b',
      'change | machine | S1 | macs.0: gone, was 52:54:00:00:00:0c',
      'change | machine | d | macs.0: 52:54:00:00:00:0d becomes 52:54:00:00:00:1d',
    ]);
    t.deepEqual(
      (await items<Machine>(broker, 'machines')).map(({ id }) => id),
      before.map(({ id }) => id),
    );
  },
);

test.serial('MACs may be swapped between machines, and a machine may be split in two', async (t) => {
  const broker = await stocked(t);
  const [a, b] = ['52:54:00:00:00:0a', '52:54:00:00:00:0b'];
  await apply(broker, { machines: [{ name: 'x', macs: [a, b] }] });
  const [x] = await items<Machine>(broker, 'machines');
  t.is(
    (
      await apply(broker, {
        machines: [
          { name: 'y', macs: [b] },
          { name: 'x', macs: [a] },
        ],
      })
    ).status,
    200,
  );
  const split = await items<Machine>(broker, 'machines');
  t.is(split.find(({ name }) => name === 'x')?.id, x?.id);
  t.is(split.length, 2);
});

test.serial(
  'without a profile a machine keeps what it boots; null takes it away; another profile replaces it',
  async (t) => {
    const broker = await stocked(t);
    await apply(broker, { profiles: [debian], machines: [one] });
    const { profile: _, ...bare } = one;
    t.deepEqual(brief(t, await apply(broker, { machines: [bare] })), []);
    const own = { ...debian, cmdline: 'its own' };
    t.deepEqual(brief(t, await apply(broker, { profiles: [debian], machines: [{ ...one, profile: own }] })), [
      'change | profile | debian for x86_64 | cmdline: without quiet, with its own',
      'change | profile | debian for x86_64',
      'change | machine | one | profile: debian, another revision of it',
    ]);
    t.deepEqual(brief(t, await apply(broker, { machines: [{ ...one, profile: null }] })), [
      'change | machine | one | profile: gone, was debian',
    ]);
    t.is((await items<Machine>(broker, 'machines'))[0]?.active, undefined);
  },
);

test.serial('a shared profile is resolved for the architecture of each machine', async (t) => {
  const broker = await stocked(t);
  const arm = { name: 'arm', macs: ['52:54:00:00:00:0a'], labels: { arch: 'arm64' }, profile: 'debian' };
  const desired = { profiles: [debian], machines: [one, arm] };
  t.is((await apply(broker, desired)).status, 200);
  t.deepEqual(brief(t, await apply(broker, desired)), []);
  t.deepEqual(
    (await items<{ arch: string }>(broker, 'profiles')).map(({ arch }) => arch),
    ['arm64', 'x86_64'],
  );
  const alone = await brokerFor(t);
  await push(alone, { kind: 'kernel', name: 'debian', arch: 'arm64', bytes: other });
  t.is(
    (await apply(alone, { profiles: [debian], machines: [arm] })).status,
    200,
    'nobody needs it for x86_64',
  );
});

test.serial('prune deletes what apply made and is no longer named, and nothing else', async (t) => {
  const broker = await stocked(t);
  await broker.admin('/api/v1/machines', { name: 'hers', macs: ['52:54:00:00:00:0f'] });
  const rule = { name: 'all', selector: { all: [] }, profile: 'debian', priority: 1 };
  const two = { name: 'two', macs: ['52:54:00:00:00:02'] };
  await apply(broker, { profiles: [debian], machines: [one, two], rules: [rule] });
  t.deepEqual(brief(t, await apply(broker, { profiles: [debian], machines: [one] })), []);
  t.deepEqual(brief(t, await apply(broker, { profiles: [debian], machines: [one] }, '?prune=1')), [
    'delete | rule | all',
    'delete | machine | two',
  ]);
  t.deepEqual((await items<Machine>(broker, 'machines')).map(({ name }) => name).sort(), ['hers', 'one']);
  const nothing = await apply(broker, { profiles: [debian] }, '?prune=1');
  t.is(nothing.status, 422);
  t.regex(nothing.json.detail, /would delete/);
});

test.serial(
  'what apply manages stays so when somebody changes it by hand: the next apply puts it back, and prune deletes it',
  async (t) => {
    const broker = await stocked(t);
    const rule = { name: 'all', selector: { all: [] }, profile: 'debian', priority: 1 };
    const machine = { ...one, labels: { rack: 'r1' } };
    const files = { profiles: [debian], machines: [machine], rules: [rule] };
    await apply(broker, files);
    const managed = async () => [
      ...(await items<Machine>(broker, 'machines')),
      ...(await items<Rule>(broker, 'rules')),
    ];
    const [{ id: machineId } = { id: '' }, { id: ruleId } = { id: '' }] = await managed();
    const setByHand = async () => {
      const put = { method: 'PUT' };
      const { profile: _, ...body } = { ...machine, labels: { rack: 'r2' } };
      t.is((await broker.admin(`/api/v1/machines/${machineId}`, body, put)).status, 200);
      t.is(
        (await broker.admin(`/api/v1/machines/${machineId}/active`, undefined, { method: 'DELETE' })).status,
        200,
      );
      const patch = { method: 'PATCH' };
      t.is((await broker.admin(`/api/v1/rules/${ruleId}`, { priority: 7 }, patch)).status, 200);
      t.deepEqual(
        (await managed()).map(({ managed_by }) => managed_by),
        ['apply', 'apply'],
      );
    };
    await setByHand();
    t.deepEqual(
      brief(t, await apply(broker, files)).map((line) => line.split(' | ').slice(0, 3).join(' ')),
      ['change rule all', 'change machine one'],
    );
    t.like(await managed(), [{ labels: { rack: 'r1' } }, { priority: 1 }]);
    await setByHand();
    await apply(
      broker,
      { profiles: [debian], machines: [{ ...one, macs: ['52:54:00:00:00:03'], name: 'x' }] },
      '?prune=1',
    );
    t.deepEqual(
      (await managed()).map(({ name }) => name),
      ['x'],
    );
  },
);

test.serial('whatever cannot be is refused whole, with the place of each mistake', async (t) => {
  const broker = await stocked(t);
  const rule = { selector: { all: [] }, profile: 'debian' };
  const cases: readonly (readonly [object, number, readonly string[]])[] = [
    [{ machines: [{ name: 'x', macs: ['nonsense'] }] }, 400, ['#/machines/0/macs/0']],
    [{ machines: [one, { ...one, colour: 'red' }] }, 400, ['#/machines/1/colour']],
    [
      { machines: [{ ...one, profile: { name: 'own', kernel: 'no-version' } }] },
      400,
      ['#/machines/0/profile/kernel'],
    ],
    [{ machines: [{ ...one, profile: 'unheard-of' }] }, 422, ['#/machines/0/profile']],
    [{ machines: [one, { name: 'b', macs: one.macs }], profiles: [debian] }, 422, ['#/machines/1/macs/0']],
    [{ profiles: [{ ...debian, kernel: 'missing@1' }] }, 422, ['#/profiles/0/kernel']],
    [{ profiles: [{ ...debian, initrds: ['debian@1', 'missing@2'] }] }, 422, ['#/profiles/0/initrds/1']],
    [{ profiles: [debian, debian] }, 422, ['#/profiles/1/name']],
    [{ profiles: [{ name: 'nothing' }] }, 422, ['#/profiles/0']],
    [{ profiles: [{ ...debian, cmdline: 'a {{ b' }] }, 422, ['#/profiles/0/cmdline']],
    [
      {
        profiles: [debian],
        rules: [
          { ...rule, name: 'a', priority: 1 },
          { ...rule, name: 'b', priority: 1 },
        ],
      },
      422,
      ['#/rules/1/priority'],
    ],
    [{ rules: [{ ...rule, name: 'a', priority: 1 }] }, 422, ['#/rules/0/profile']],
    [
      { rules: [{ ...rule, name: 'a', priority: 1, selector: { colour: 'red' } }] },
      400,
      ['#/rules/0/selector'],
    ],
    [
      { assets: [{ kind: 'kernel', name: 'debian', version: '1', sha256: 'f'.repeat(64) }] },
      422,
      ['#/assets/0/sha256'],
    ],
    [{ assets: [{ kind: 'kernel', name: 'coming', version: '1' }] }, 422, ['#/assets/0']],
  ];
  for (const [desired, status, pointers] of cases) {
    const refused = await apply(broker, desired);
    t.is(refused.status, status, refused.text);
    t.deepEqual(
      refused.json.errors?.map(({ pointer }: { pointer: string }) => pointer),
      pointers,
      refused.text,
    );
  }
  t.deepEqual(await items(broker, 'machines'), []);
  t.deepEqual(await items(broker, 'profiles'), []);
  t.is(
    (await apply(broker, { machines: [], profiles: [{ ...debian, cmdline: 'x'.repeat(9 * 2 ** 20) }] }))
      .status,
    413,
  );
});

test.serial('assets that are still to come are fine for a dry run', async (t) => {
  const broker = await stocked(t);
  const desired = {
    assets: [{ kind: 'kernel', name: 'coming', version: '1' }],
    profiles: [{ name: 'p', kernel: 'coming@1' }],
  };
  t.deepEqual(brief(t, await apply(broker, desired, '?dry_run=1')), [
    'create | asset | kernel coming@1 for x86_64',
    'create | profile | p for x86_64',
  ]);
  t.is((await apply(broker, desired)).status, 422);
  await push(broker, { kind: 'kernel', name: 'coming', bytes: kernel });
  t.deepEqual(brief(t, await apply(broker, desired)), ['create | profile | p for x86_64']);
});

test.serial('what is retired stays for those who boot it, and nobody else gets it', async (t) => {
  const broker = await stocked(t);
  const desired = { profiles: [debian], machines: [one] };
  await apply(broker, desired);
  for (const { id, kind, arch } of await items<Asset>(broker, 'assets'))
    if (kind === 'kernel' && arch === 'x86_64') await broker.admin(`/api/v1/assets/${id}/retire`, {});
  t.deepEqual(brief(t, await apply(broker, desired)), [], 'nothing differs');
  const two = { name: 'two', macs: ['52:54:00:00:00:02'], profile: 'debian' };
  for (const profiles of [[debian], []]) {
    const refused = await apply(broker, { profiles, machines: [one, two] });
    t.is(refused.status, 422);
    t.regex(refused.json.detail, /retired/);
  }
});

test.serial('more than one write can hold is refused before anything is written', async (t) => {
  const broker = await stocked(t);
  const machines = Array.from({ length: 3000 }, (_, n) => ({
    macs: [
      `52:54:00:00:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`,
    ],
    labels: Object.fromEntries(Array.from({ length: 5 }, (_, k) => [`label-${k}`, 'x'.repeat(250)])),
  }));
  const refused = await apply(broker, { machines });
  t.is(refused.status, 413, refused.text);
  t.regex(refused.json.type, /change-too-large$/);
  t.deepEqual(await items(broker, 'machines'), []);
});

test.serial('two applies at once, and single writes beside them, end in what both wanted', async (t) => {
  const broker = await stocked(t);
  const machines = (from: number) =>
    Array.from({ length: 20 }, (_, n) => ({
      name: `m${from + n}`,
      macs: [`52:54:00:00:01:${(from + n).toString(16).padStart(2, '0')}`],
      profile: 'debian',
    }));
  const answers = await Promise.all([
    apply(broker, { profiles: [debian], machines: machines(0) }),
    apply(broker, { profiles: [debian], machines: machines(10) }),
    broker.admin('/api/v1/machines', { name: 'hand', macs: ['52:54:00:00:02:01'] }),
  ]);
  t.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 201],
  );
  t.is((await items(broker, 'machines')).length, 31);
});

test.serial('every change has its place in the audit log, secrets masked', async (t) => {
  const broker = await stocked(t);
  const secret = { ...debian, cmdline: 'root_password=hunter2' };
  const text = (await apply(broker, { profiles: [secret], machines: [one] })).text;
  await apply(broker, { profiles: [{ ...secret, cmdline: 'root_password=hunter3' }], machines: [one] });
  const { items: events } = await broker.parts.records.listAudit({ limit: 1000 });
  t.deepEqual(
    events.map(({ action }) => action).filter((action) => !/asset|upload/.test(action)),
    ['profile.create', 'machine.create', 'profile.create', 'machine.change'],
  );
  t.notRegex(JSON.stringify(events) + text, /hunter/);
});

test.serial(
  'viewers may ask what would change, operators may change it, and only admins may prune',
  async (t) => {
    const broker = await stocked(t);
    const as = async (role: string) => {
      const { token } = (await broker.admin('/api/v1/tokens', { name: role, role })).json;
      const headers = { Authorization: `Bearer ${token}` };
      return async (query: string) =>
        (await broker.admin(`/api/v1/apply${query}`, { machines: [{ serial: role }] }, { headers })).status;
    };
    const [viewer, operator, admin] = [await as('viewer'), await as('operator'), await as('admin')];
    t.deepEqual(
      [await viewer('?dry_run=1'), await viewer('?dry_run=1&prune=1'), await viewer('')],
      [200, 200, 403],
    );
    t.is(await viewer('?dry_run=1&dry_run=0'), 403);
    t.deepEqual(
      [await operator(''), await operator('?dry_run=1&prune=1'), await operator('?prune=1')],
      [200, 200, 403],
    );
    t.is(await admin('?prune=1'), 200);
    t.deepEqual(
      (await items<Machine>(broker, 'machines')).map(({ serial }) => serial),
      ['admin'],
    );
  },
);

test('assets by their ids, one initrd as initrd, and a profile that is called like its machine', async (t) => {
  const broker = await stocked(t);
  const assets = await items<Asset>(broker, 'assets');
  const idOf = (kind: string, arch = 'x86_64') =>
    assets.find((asset) => asset.kind === kind && asset.arch === arch)?.id ?? '';
  const profile = { kernel: idOf('kernel'), initrd: idOf('initrd') };
  const desired = {
    profiles: [{ ...profile, name: 'shared' }],
    machines: [
      { ...one, profile },
      { serial: 'S', profile: 'shared' },
    ],
  };
  t.deepEqual(brief(t, await apply(broker, desired)), [
    'create | profile | one for x86_64',
    'create | profile | shared for x86_64',
    'create | machine | one',
    'create | machine | S',
  ]);
  const byName = { kernel: 'debian@1', initrds: ['debian@1'] };
  t.deepEqual(brief(t, await apply(broker, desired)), []);
  const named = {
    profiles: [{ ...byName, name: 'shared' }],
    machines: [
      { ...one, profile: { ...byName, name: 'one' } },
      { serial: 'S', profile: 'shared' },
    ],
  };
  t.deepEqual(brief(t, await apply(broker, named)), [], 'the same by their names');

  const refused = async (wrong: object) => {
    const { status, json } = await apply(broker, wrong);
    return [status, json.errors[0].pointer, json.errors[0].detail];
  };
  const wrong = (fields: object) => ({ profiles: [{ name: 'shared', ...fields }] });
  t.deepEqual(await refused(wrong({ kernel: idOf('initrd') })), [
    422,
    '#/profiles/0/kernel',
    `asset ${idOf('initrd')} is initrd debian@1 for x86_64, and a kernel for x86_64 is needed here`,
  ]);
  t.deepEqual(await refused(wrong({ kernel: idOf('kernel', 'arm64') })), [
    422,
    '#/profiles/0/kernel',
    `asset ${idOf('kernel', 'arm64')} is kernel debian@1 for arm64, and a kernel for x86_64 is needed here`,
  ]);
  t.deepEqual((await refused(wrong({ kernel: 'debian@1', initrd: 'debian@1', initrds: [] }))).slice(0, 2), [
    400,
    '#/profiles/0/initrd',
  ]);
  t.deepEqual(await refused({ machines: [{ serial: 'S', profile }] }), [
    400,
    '#/machines/0/profile/name',
    'must be given, for the machine has no name',
  ]);
  t.deepEqual((await refused({ profiles: [profile] })).slice(0, 2), [400, '#/profiles/0/name']);
});
