import test, { type ExecutionContext } from 'ava';
import type { Rule } from '../../../src/boot/rule/rule.ts';
import type { Change } from '../../../src/records/records.ts';
import { stepsOf } from '../../support/boots.ts';
import {
  addMachine,
  addProfile,
  askAdmin,
  type Broker,
  brokerFor,
  expectStatus,
  push,
} from '../../support/broker.ts';
import type { Answered } from '../../support/http.ts';
import { agents, problem } from '../site.ts';

/** A broker with one kernel, and what its store was asked to write. */
interface Scene extends Broker {
  readonly writes: Change['kind'][][];
}

async function scene(t: ExecutionContext): Promise<Scene> {
  const writes: Change['kind'][][] = [];
  const broker = await brokerFor(t, {
    replace: ({ records }) => ({
      records: {
        ...records,
        write(changes, audit) {
          writes.push(changes.map(({ kind }) => kind));
          return records.write(changes, audit);
        },
      },
    }),
  });
  await push(broker, { kind: 'kernel', name: 'debian', bytes: Buffer.from('kernel') });
  return { ...broker, writes };
}

const macOf = (n: number) =>
  `52:54:00:00:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`;

async function addRule(broker: Broker, rule: object): Promise<Rule> {
  return expectStatus(await broker.admin('/api/v1/rules', rule), 201).json;
}

const profile = (cmdline: string, more: object = {}) => ({
  name: 'debian',
  kernel: 'debian@1',
  cmdline,
  ...more,
});

/** What this machine boots: the word after its kernel's URL. */
async function boots(broker: Broker, mac: string, query = ''): Promise<string> {
  const answer = await broker.boot(`/boot.ipxe?mac=${mac}${query}`, { userAgent: agents.ipxe });
  if (answer.status !== 200) return answer.json.type;
  const { text } = answer;
  return /^kernel --name kernel \S+ (\S+) \|\|/m.exec(text)?.[1] ?? text;
}

const change = (
  broker: Broker,
  method: string,
  path: string,
  body?: object,
  headers: Record<string, string> = {},
) => broker.admin(path, body, { method, headers });

test('a machine without a profile of its own boots what the winning rule hands out', async (t) => {
  const broker = await scene(t);
  const { id } = await addMachine(broker, { macs: [macOf(1)], labels: { rack: 'r1' } });
  await addMachine(broker, { macs: [macOf(2)], labels: { rack: 'r2' } });
  t.is(await boots(broker, macOf(1)), problem('no-profile'));
  await addProfile(broker, profile('everywhere', { name: 'all' }));
  await addProfile(broker, profile('in-r1', { name: 'rack1' }));
  await addProfile(broker, profile('by-address', { name: 'site' }));
  await addRule(broker, { name: 'all', selector: { all: [] }, profile: 'all', priority: 1 });
  await addRule(broker, { name: 'rack', selector: { label: { rack: 'r1' } }, profile: 'rack1', priority: 2 });
  await addRule(broker, { name: 'arm', selector: { arch: 'arm64' }, profile: 'site', priority: 3 });
  t.is(await boots(broker, macOf(1)), 'in-r1');
  t.is(await boots(broker, macOf(2)), 'everywhere');
  // The rule for arm64 gives it a profile for x86_64.
  t.is(await boots(broker, macOf(2), '&arch=arm64'), problem('wrong-architecture'));
  t.is(await boots(broker, macOf(3)), problem('unknown-machine'));
  const site = await addRule(broker, {
    name: 'site',
    selector: { network: '127.0.0.0/8' },
    profile: 'site',
    priority: 9,
  });
  t.is(await boots(broker, macOf(1)), 'by-address');
  const kernel = await broker.boot(`/m/${macOf(1)}/kernel`, { userAgent: agents.grub });
  t.deepEqual([kernel.status, kernel.text], [200, 'kernel']);
  await addProfile(broker, profile('own', { machine_id: id }));
  t.is(await boots(broker, macOf(1)), 'own');
  t.is((await change(broker, 'DELETE', `/api/v1/machines/${id}/active`)).status, 200);
  t.is(await boots(broker, macOf(1)), 'by-address');
  t.is((await change(broker, 'DELETE', `/api/v1/rules/${site.id}`)).status, 204);
  t.is(await boots(broker, macOf(1)), 'in-r1');
  const { json } = await broker.admin('/api/v1/boots?limit=1000');
  t.deepEqual(new Set(stepsOf(json.items).map(({ stage }) => stage)), new Set(['script', 'asset']));
});

test('a rule is made, read, changed and deleted, each version under its ETag', async (t) => {
  const broker = await scene(t);
  const wanted = { name: 'r', selector: { mac: '52-54-00-00-00-01' }, profile: 'debian', priority: 5 };
  const made = await broker.admin('/api/v1/rules', wanted);
  t.is(made.status, 201);
  t.like(made.json, {
    ...wanted,
    selector: { mac: '52:54:00:00:00:01' },
    percent: 100,
    version: 1,
    history: [],
  });
  t.false('active' in made.json);
  t.is(made.headers.location, `/api/v1/rules/${made.json.id}`);
  const path = made.headers.location ?? '';
  const read = await broker.admin(path);
  t.deepEqual([read.headers.etag, read.json], ['"1"', made.json]);
  t.deepEqual((await broker.admin('/api/v1/rules')).json, { items: [made.json] });

  const stale = await change(broker, 'PATCH', path, { priority: 6 }, { 'If-Match': '"7"' });
  t.deepEqual(
    [stale.status, stale.json.type, stale.headers.etag],
    [412, problem('precondition-failed'), '"1"'],
  );
  const changed = await change(broker, 'PATCH', path, { priority: 6, percent: 10 }, { 'If-Match': '"1"' });
  t.deepEqual([changed.status, changed.headers.etag], [200, '"2"']);
  t.like(changed.json, { priority: 6, percent: 10, version: 2 });
  t.like((await change(broker, 'PATCH', path, { name: 'other' })).json, { name: 'other', version: 3 });

  for (const taken of [
    { ...wanted, priority: 7, name: 'other' },
    { ...wanted, priority: 6 },
  ]) {
    const { status, json } = await broker.admin('/api/v1/rules', taken);
    t.deepEqual([status, json.type], [409, problem('rule-taken')]);
    t.true(json.detail.includes(made.json.id));
  }
  t.is((await change(broker, 'DELETE', path, undefined, { 'If-Match': '"1"' })).status, 412);
  t.is((await change(broker, 'DELETE', path, undefined, { 'If-Match': '"3"' })).status, 204);
  for (const [method, body] of [['GET'], ['DELETE'], ['PATCH', { priority: 1 }]] as const)
    t.is((await change(broker, method, path, body)).json.type, problem('unknown-rule'), method);
});

test('what is no rule is refused, by name', async (t) => {
  const broker = await scene(t);
  const good = { name: 'r', selector: { all: [] }, profile: 'p', priority: 1 };
  let deep: object = { all: [] };
  for (let n = 0; n < 10_000; n += 1) deep = { not: deep };
  for (const bad of [
    { selector: {} },
    { selector: { all: [], any: [] } },
    { selector: { mac: 'x' } },
    { selector: { label: {} } },
    { selector: { label: { a: false } } },
    { selector: { network: '10.0.0.1/8' } },
    { selector: { arch: 'riscv' } },
    { selector: { all: [{ colour: 'red' }] } },
    { selector: [] },
    { selector: deep },
    { selector: { any: Array.from({ length: 300 }, () => ({ all: [] })) } },
    { name: 'a b' },
    { priority: 1.5 },
    { priority: '1' },
    { percent: 0 },
    { percent: 101 },
    { active: 'x' },
    { profile: undefined },
  ]) {
    const { status, json } = await broker.admin('/api/v1/rules', { ...good, ...bad });
    t.deepEqual([status, json.type], [400, problem('bad-input')], JSON.stringify(bad).slice(0, 80));
  }
  t.is((await change(broker, 'PATCH', '/api/v1/rules/x', {})).status, 400);
  t.is((await broker.admin('/api/v1/rules', good)).status, 201);
});

test('a new revision goes, in its own write, to every rule that assigns its name; a rule with a share rolls it out', async (t) => {
  const broker = await scene(t);
  const machines = Array.from({ length: 40 }, (_, n) => macOf(n));
  for (const mac of machines) await addMachine(broker, { macs: [mac] });
  const share = await addRule(broker, {
    name: 'share',
    selector: { all: [] },
    profile: 'debian',
    priority: 9,
    percent: 50,
  });
  const other = await addRule(broker, {
    name: 'other',
    selector: { all: [] },
    profile: 'debian',
    priority: 8,
  });
  broker.writes.length = 0;
  const one = await addProfile(broker, profile('one'));
  t.deepEqual(
    broker.writes.map((kinds) => kinds.filter((kind) => kind !== 'asset')),
    [['profile', 'rule', 'rule']],
  );
  t.is(await boots(broker, macOf(0)), 'one', 'the first goes to all');

  const two = await addProfile(broker, profile('two'));
  t.like((await broker.admin(`/api/v1/rules/${share.id}`)).json, {
    active: one.id,
    rollout: { revision: two.id, percent: 50 },
  });
  t.like((await broker.admin(`/api/v1/rules/${other.id}`)).json, { active: two.id });
  const words = await Promise.all(machines.map((mac) => boots(broker, mac)));
  const reached = words.filter((word) => word === 'two').length;
  t.true(
    reached > 5 && reached < 35 && words.every((word) => word === 'one' || word === 'two'),
    words.join(),
  );
  t.deepEqual(await Promise.all(machines.map((mac) => boots(broker, mac))), words, 'who has it keeps it');

  const promote = (body?: object) => change(broker, 'POST', `/api/v1/rules/${share.id}/promote`, body);
  t.is((await promote({ percent: 75 })).status, 200);
  const more = await Promise.all(machines.map((mac) => boots(broker, mac)));
  t.true(words.every((word, n) => word === 'one' || more[n] === 'two'));
  const done = await promote();
  t.deepEqual([done.status, done.json.active, done.json.rollout], [200, two.id, undefined]);
  t.is((await promote()).json.type, problem('no-rollout'));
  t.deepEqual(new Set(await Promise.all(machines.map((mac) => boots(broker, mac)))), new Set(['two']));

  await addProfile(broker, profile('three'));
  const back = await change(broker, 'POST', `/api/v1/rules/${share.id}/rollback`);
  t.deepEqual([back.json.active, back.json.rollout], [two.id, undefined], 'a roll-out is ended first');
});

test('rolling back a thousand machines by rule is one write, and each boots the old revision next', async (t) => {
  const broker = await scene(t);
  const at = '2026-01-01T00:00:00.000Z';
  const changes = Array.from({ length: 1000 }, (_, n): Change => {
    const id = `0197aaaa-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
    const pointer = { history: [], version: 1, created_at: at, updated_at: at };
    return {
      kind: 'machine',
      id,
      expected: 0,
      to: { id, macs: [macOf(n)], labels: {}, networks: [], ...pointer },
    };
  });
  t.is(await broker.parts.records.write(changes), 'written');
  const rule = await addRule(broker, { name: 'all', selector: { all: [] }, profile: 'debian', priority: 1 });
  const one = await addProfile(broker, profile('one'));
  await addProfile(broker, profile('two'));
  const bootAll = async () => {
    const seen: Record<string, number> = {};
    for (let from = 0; from < 1000; from += 20)
      for (const word of await Promise.all(
        Array.from({ length: 20 }, (_, n) => boots(broker, macOf(from + n))),
      ))
        seen[word] = (seen[word] ?? 0) + 1;
    return seen;
  };
  t.deepEqual(await bootAll(), { two: 1000 });
  broker.writes.length = 0;
  const back = await change(broker, 'POST', `/api/v1/rules/${rule.id}/rollback`);
  t.deepEqual([back.status, back.json.active], [200, one.id]);
  t.deepEqual(broker.writes, [['rule']]);
  t.deepEqual(await bootAll(), { one: 1000 });
  const again = await change(broker, 'POST', `/api/v1/rules/${rule.id}/rollback`);
  t.deepEqual([again.status, again.json.type], [409, problem('no-earlier-revision')]);
});

test('a rule goes back step by step, or to a revision that is named', async (t) => {
  const broker = await scene(t);
  const { id } = await addRule(broker, {
    name: 'all',
    selector: { all: [] },
    profile: 'debian',
    priority: 1,
  });
  const made: string[] = [];
  for (const word of ['one', 'two', 'three']) made.push((await addProfile(broker, profile(word))).id);
  const rollback = async (body?: object) =>
    (await change(broker, 'POST', `/api/v1/rules/${id}/rollback`, body)).json;
  t.is((await rollback()).active, made[1]);
  t.is((await rollback()).active, made[0]);
  t.is((await rollback()).type, problem('no-earlier-revision'));
  t.is((await rollback({ to: made[2] })).active, made[2]);
  t.is((await rollback({ to: 'nothing' })).type, problem('unknown-profile'));
  t.is((await rollback({ to: 1 })).type, problem('bad-input'));
  const other = await addProfile(broker, profile('x', { name: 'other' }));
  t.is((await rollback({ to: other.id })).type, problem('unknown-profile'));
  t.is((await change(broker, 'PATCH', `/api/v1/rules/${id}`, { profile: 'other' })).json.active, other.id);
  t.like(await rollback(), { active: made[2], profile: 'debian' });
  const { json } = await broker.admin(`/api/v1/rules/${id}/history`);
  t.like(json.items[0], { revision: made[2], profile: 'debian', active: true });
  t.like(json.items[1], { revision: other.id, profile: 'other' });
  t.is(json.items.filter(({ active }: { active?: true }) => active).length, 1);
});

test('a machine goes back step by step as well', async (t) => {
  const broker = await scene(t);
  const { id } = await addMachine(broker, { macs: [macOf(1)] });
  const rollback = (body?: object, headers?: Record<string, string>) =>
    change(broker, 'POST', `/api/v1/machines/${id}/rollback`, body, headers);
  t.is((await rollback()).json.type, problem('no-earlier-revision'));
  const made: string[] = [];
  for (const word of ['one', 'two', 'three'])
    made.push((await addProfile(broker, profile(word, { machine_id: id }))).id);
  t.is((await rollback(undefined, { 'If-Match': '"1"' })).status, 412);
  broker.writes.length = 0;
  const back = await rollback(undefined, { 'If-Match': '"4"' });
  t.deepEqual([back.status, back.json.active, back.headers.etag], [200, made[1], '"5"']);
  t.deepEqual(broker.writes, [['machine']]);
  t.is(await boots(broker, macOf(1)), 'two');
  t.is((await rollback({})).json.active, made[0]);
  t.deepEqual([(await rollback()).status, (await rollback({ to: made[2] })).json.active], [409, made[2]]);
  t.is((await rollback({ to: 'never-had' })).json.type, problem('unknown-profile'));
  t.is(
    (await change(broker, 'POST', '/api/v1/machines/nobody/rollback')).json.type,
    problem('unknown-machine'),
  );
  const { json } = await broker.admin(`/api/v1/machines/${id}/history`);
  t.deepEqual(
    json.items.map(({ revision }: { revision: string }) => revision),
    [made[2], made[0], made[1], made[2], made[1], made[0]],
  );
  await change(broker, 'DELETE', `/api/v1/machines/${id}/active`);
  t.regex((await rollback()).json.detail, /up to the rules/);
  t.is((await rollback({ to: made[0] })).json.active, made[0]);
});

/** All pages of a dry run. */
async function dryRun(broker: Broker, method: string, path: string, body?: object) {
  const items: {
    machine: { macs: string[] };
    before: { script: string } | null;
    after: { script: string } | null;
    uncertain?: true;
  }[] = [];
  let next = '';
  let examined = 0;
  do {
    const cursor = next && `&cursor=${next}`;
    const { json } = expectStatus(
      await change(broker, method, `${path}?dry_run=1&limit=2${cursor}`, body),
      200,
    );
    items.push(...json.items);
    examined += json.examined;
    next = json.next ?? '';
  } while (next);
  return { items, examined };
}

test('a dry run says which machines would change, with both scripts, and writes nothing', async (t) => {
  const broker = await scene(t);
  for (const [n, rack] of ['r1', 'r2', 'r1', 'r2', 'r1'].entries())
    await addMachine(broker, { macs: [macOf(n)], labels: { rack } });
  await addProfile(broker, profile('old rack={{ labels.rack }}'));
  await addProfile(broker, profile('rescue', { name: 'rescue' }));
  const { id } = await addRule(broker, {
    name: 'all',
    selector: { all: [] },
    profile: 'debian',
    priority: 1,
  });
  const { id: own } = await addMachine(broker, { macs: [macOf(9)], labels: { rack: 'r9' } });
  await addProfile(broker, profile('own', { machine_id: own, name: 'own' }));
  broker.writes.length = 0;

  const rule = { name: 'r1', selector: { label: { rack: 'r1' } }, profile: 'rescue', priority: 2 };
  const created = await dryRun(broker, 'POST', '/api/v1/rules', rule);
  t.is(created.examined, 6);
  t.deepEqual(
    created.items.map(({ machine }) => machine.macs[0]),
    [macOf(0), macOf(2), macOf(4)],
  );
  t.regex(created.items[0]?.before?.script ?? '', / old rack=r1 /);
  t.regex(created.items[0]?.after?.script ?? '', / rescue /);

  const renewed = await dryRun(broker, 'POST', '/api/v1/profiles', profile('new'));
  t.is(renewed.items.length, 5);
  t.regex(renewed.items[4]?.after?.script ?? '', / new /);
  const deleted = await dryRun(broker, 'DELETE', `/api/v1/rules/${id}`);
  t.deepEqual(new Set(deleted.items.map(({ after }) => after)), new Set([null]));
  const released = await dryRun(broker, 'DELETE', `/api/v1/machines/${own}/active`);
  t.is(released.items.length, 1);
  t.regex(released.items[0]?.before?.script ?? '', / own /);
  t.regex(released.items[0]?.after?.script ?? '', / old rack=r9 /);

  t.is(
    (await change(broker, 'POST', `/api/v1/machines/${own}/rollback?dry_run=1`)).json.type,
    problem('no-earlier-revision'),
  );

  const byAddress = await dryRun(broker, 'POST', '/api/v1/rules', {
    ...rule,
    selector: { network: '127.0.0.0/8' },
  });
  t.deepEqual(
    new Set(byAddress.items.map(({ uncertain }) => uncertain)),
    new Set([true]),
    'nobody has asked yet',
  );
  await boots(broker, macOf(1));
  const known = await dryRun(broker, 'POST', '/api/v1/rules', {
    ...rule,
    selector: { network: '127.0.0.0/8' },
  });
  t.like(
    known.items.find(({ machine }) => machine.macs[0] === macOf(1)),
    { after: { profile: 'rescue' }, uncertain: undefined },
  );

  t.deepEqual(broker.writes, []);
  t.is((await broker.admin('/api/v1/rules')).json.items.length, 1);
  t.is((await change(broker, 'DELETE', `/api/v1/rules/${id}?dry_run=2`)).status, 400);
});

test('every move of a pointer is in the audit log, with what it changed', async (t) => {
  const broker = await scene(t);
  const { id: machine } = await addMachine(broker, { macs: [macOf(1)] });
  const { id } = await addRule(broker, {
    name: 'all',
    selector: { all: [] },
    profile: 'debian',
    priority: 1,
    percent: 50,
  });
  const made: string[] = [];
  for (const word of ['one', 'two']) made.push((await addProfile(broker, profile(word))).id);
  await change(broker, 'POST', `/api/v1/rules/${id}/promote`);
  await change(broker, 'POST', `/api/v1/rules/${id}/rollback`);
  await change(broker, 'POST', `/api/v1/rules/${id}/rollback`);
  for (const word of ['three', 'four']) await addProfile(broker, profile(word, { machine_id: machine }));
  await change(broker, 'POST', `/api/v1/machines/${machine}/rollback`);
  await change(broker, 'DELETE', `/api/v1/machines/${machine}/active`);
  await change(broker, 'DELETE', `/api/v1/rules/${id}`);
  const { items } = (await broker.admin('/api/v1/audit?limit=1000')).json;
  const of = (target: string) =>
    items.filter((event: { target?: { id: string } }) => event.target?.id === target);
  t.deepEqual(
    of(id).map(({ action }: { action: string }) => action),
    ['rule.create', 'rule.activate', 'rule.activate', 'rule.promote', 'rule.rollback', 'rule.delete'],
  );
  t.like(of(id)[4], {
    before: { active: made[1] },
    after: { active: made[0] },
    actor: { kind: 'bootstrap' },
  });
  t.deepEqual(
    of(machine).map(({ action }: { action: string }) => action),
    ['machine.create', 'machine.activate', 'machine.activate', 'machine.rollback', 'machine.release'],
  );
  t.deepEqual(
    of(made[0] ?? '').map(({ action }: { action: string }) => action),
    ['profile.create'],
  );
});

test('a viewer may ask what would change, and change nothing', async (t) => {
  const broker = await scene(t);
  const { token } = expectStatus(
    await broker.admin('/api/v1/tokens', { name: 'v', role: 'viewer' }),
    201,
  ).json;
  await addMachine(broker, { macs: [macOf(1)] });
  await addProfile(broker, profile('x'));
  const rule = { name: 'all', selector: { all: [] }, profile: 'debian', priority: 1 };
  broker.writes.length = 0;
  const as = (path: string) => askAdmin(broker.adminPort, token, path, rule);
  const dry = await as('/api/v1/rules?dry_run=1');
  t.deepEqual([dry.status, dry.json.items.length], [200, 1]);
  for (const query of [
    '',
    '?dry_run=0',
    '?dry_run=01',
    '?dry_run=1&dry_run=0',
    '?dry_run=0&dry_run=1',
    '?DRY_RUN=1',
  ])
    t.is((await as(`/api/v1/rules${query}`)).status, 403, query);
  t.is((await as('/api/v1/machines?dry_run=1')).status, 403);
  t.deepEqual(
    broker.writes.flat().filter((kind) => kind === 'rule'),
    [],
  );
});

test('a template that cannot be read is refused at write, with its place', async (t) => {
  const broker = await scene(t);
  const answer = async (cmdline: string, more = {}) =>
    await broker.admin('/api/v1/profiles', profile(cmdline, more));
  const broken = await answer('quiet {% if labels.rack %}');
  t.deepEqual([broken.status, broken.json.type], [422, problem('template-error')]);
  t.regex(broken.json.detail, /line 1, column 7/);
  t.is((await answer('{{ labels.rack | no_such }}')).status, 422);
  t.is((await answer('{{ labels.rack }} || shell')).status, 400);
  t.is((await answer('rack={{ labels.rack }}')).status, 201, 'no machine boots it');
});

test('a write after which some machine could not be rendered is refused, naming the machine', async (t) => {
  const broker = await scene(t);
  const { id } = await addMachine(broker, { name: 'bare', macs: [macOf(1)] });
  await addMachine(broker, { name: 'racked', macs: [macOf(2)], labels: { rack: 'r1' } });
  const needsRack = profile('rack={{ labels.rack }}');
  const refused = ({ status, json }: Answered) => {
    t.deepEqual([status, json.type], [422, problem('template-error')]);
    t.regex(json.detail, /for machine bare: line 1, column 9: undefined variable: labels\.rack/);
  };
  refused(await broker.admin('/api/v1/profiles', { ...needsRack, machine_id: id }));
  await addProfile(broker, needsRack);
  const all = { name: 'all', selector: { all: [] }, profile: 'debian', priority: 2 };
  refused(await broker.admin('/api/v1/rules', all));
  refused(await broker.admin('/api/v1/rules?dry_run=1', all));
  const racked = await addRule(broker, { ...all, selector: { label: { rack: true } } });
  t.is(await boots(broker, macOf(2)), 'rack=r1');
  refused(
    await change(broker, 'PATCH', `/api/v1/rules/${racked.id}`, { selector: { network: '10.0.0.0/8' } }),
  );

  const bare = { name: 'bare', macs: [macOf(3)], labels: { rack: 'x || shell' } };
  const evil = await broker.admin('/api/v1/machines', bare);
  t.deepEqual(
    [evil.status, evil.json.type],
    [422, problem('template-error')],
    'a label counts when it is written',
  );
  const { id: third } = await addMachine(broker, { ...bare, labels: { rack: 'r3' } });
  const path = `/api/v1/machines/${third}`;
  t.is((await change(broker, 'PUT', path, bare)).json.type, problem('template-error'));
  t.is((await change(broker, 'PUT', path, { ...bare, labels: {} })).status, 200, 'no rule is about it then');

  await addProfile(broker, profile('plain', { name: 'plain' }));
  const high = await addRule(broker, { name: 'plain', selector: { all: [] }, profile: 'plain', priority: 9 });
  t.is((await change(broker, 'PATCH', `/api/v1/rules/${racked.id}`, { selector: { all: [] } })).status, 200);
  refused(await change(broker, 'DELETE', `/api/v1/rules/${high.id}`));
  refused(await change(broker, 'PATCH', `/api/v1/rules/${high.id}`, { priority: 1 }));
  t.is(await boots(broker, macOf(1)), 'plain');
});

test('unknown machines get the newest revision of a profile, which must do without their labels', async (t) => {
  const broker = await brokerFor(t, { settings: { BROKER_UNKNOWN_MACHINE: 'profile:enroll' } });
  await push(broker, { kind: 'kernel', name: 'debian', bytes: Buffer.from('kernel') });
  t.is(await boots(broker, macOf(1)), problem('no-profile'));
  const refused = await broker.admin('/api/v1/profiles', profile('{{ labels.rack }}', { name: 'enroll' }));
  t.deepEqual([refused.status, refused.json.type], [422, problem('template-error')]);
  t.regex(refused.json.detail, /nobody knows/);
  await addProfile(broker, profile('old', { name: 'enroll' }));
  await addProfile(
    broker,
    profile('mac={{ machine.mac | default: "none" }},{{ machine.serial | default: "none" }}', {
      name: 'enroll',
    }),
  );
  t.is(await boots(broker, macOf(1)), `mac=${macOf(1)},none`);
  t.is(await boots(broker, macOf(1), '&serial=SN1'), `mac=${macOf(1)},SN1`);
  t.is(await boots(broker, macOf(1), '&serial=x%20%7C%7C%20shell'), `mac=${macOf(1)},none`);
  const { text } = await broker.boot(`/boot.ipxe?mac=${macOf(1)}`, { userAgent: agents.ipxe });
  t.regex(text, /^kernel --name kernel \/asset\/[0-9a-f-]+\/kernel mac=/m);
  const kernel = await broker.boot(`/m/${macOf(1)}/kernel`, { userAgent: agents.grub });
  t.deepEqual([kernel.status, kernel.text], [200, 'kernel']);
  t.deepEqual((await broker.admin('/api/v1/boots')).json.items, []);
  t.is((await broker.boot(`/report/up?mac=${macOf(1)}`)).status, 404);
});

test('revisions are listed by name and compared', async (t) => {
  const broker = await scene(t);
  const one = await addProfile(broker, profile('a b'));
  const two = await addProfile(broker, profile('a c', { metadata: { x: [1] } }));
  const three = await addProfile(broker, profile('a', { name: 'other' }));
  const ids = async (query: string) =>
    (await broker.admin(`/api/v1/profiles${query}`)).json.items.map(({ id }: { id: string }) => id);
  t.deepEqual(await ids('?name=debian'), [one.id, two.id]);
  t.deepEqual(await ids(''), [one.id, two.id, three.id]);
  t.deepEqual(await ids('?name=nothing'), []);
  const { status, json } = await broker.admin(`/api/v1/profiles/${one.id}/diff/${two.id}`);
  t.is(status, 200);
  t.like(json, { before: { id: one.id }, after: { id: two.id, name: 'debian' } });
  t.deepEqual(
    json.differences.map(({ text }: { text: string }) => text),
    ['cmdline: without b, with c', 'metadata.x: new, [1]'],
  );
  t.deepEqual((await broker.admin(`/api/v1/profiles/${one.id}/diff/${one.id}`)).json.differences, []);
  t.is((await broker.admin(`/api/v1/profiles/${one.id}/diff/nothing`)).json.type, problem('unknown-profile'));
});

test('a profile of a name may be for another architecture', async (t) => {
  const broker = await scene(t);
  await push(broker, { kind: 'kernel', name: 'arm', arch: 'arm64', bytes: Buffer.from('x') });
  const arm = { name: 'arm', kernel: 'arm@1', arch: 'arm64' };
  t.is((await addProfile(broker, arm)).arch, 'arm64');
  t.is((await broker.admin('/api/v1/profiles', { ...arm, arch: 'x86_64' })).status, 422);
  const { id } = await addMachine(broker, { serial: 'x', labels: { arch: 'amd64' } });
  t.is((await broker.admin('/api/v1/profiles', { ...arm, machine_id: id })).status, 400);
});
