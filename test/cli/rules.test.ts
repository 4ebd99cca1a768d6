import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { addMachine, type Broker, brokerFor, push } from '../support/broker.ts';
import { command } from './command.ts';

async function scene(t: ExecutionContext) {
  const broker = await brokerFor(t);
  await push(broker, { kind: 'kernel', name: 'debian', bytes: Buffer.from('kernel') });
  for (const [n, rack] of ['r1', 'r2', 'r1'].entries())
    await addMachine(broker, { name: `box${n}`, macs: [`52:54:00:00:00:0${n}`], labels: { rack } });
  const url = `http://127.0.0.1:${broker.adminPort}`;
  return { broker, run: command({ url, token: broker.parts.adminToken }) };
}

const debian = ['--name', 'debian', '--kernel', 'debian@1'];
const script = async (broker: Broker, n: number) =>
  (await broker.boot(`/boot.ipxe?mac=52:54:00:00:00:0${n}`, { userAgent: 'iPXE/2.0.0' })).text;

test('a rule is made, rolled out, rolled back and deleted from the command line', async (t) => {
  const { broker, run } = await scene(t);
  t.regex(
    (await run('profile', 'create', ...debian, '--cmdline', 'one rack={{ labels.rack }}')).stdout,
    /new revision/,
  );
  const add = [
    'rule',
    'add',
    '--name',
    'r1',
    '--profile',
    'debian',
    '--priority',
    '5',
    '--label',
    'rack=r1',
    '--percent',
    '50',
  ];
  const dry = await run(...add, '--dry-run');
  t.is(dry.code, 0);
  t.regex(dry.stdout, /^MACHINE +BEFORE +AFTER\nbox0 +- +debian \S+\nbox2 +- +debian \S+\n/);
  t.regex(dry.stdout, /\n {2}\+ kernel .* one rack=r1 /);
  t.regex(dry.stdout, /2 of 3 machines would change; nothing is written\n$/);
  t.is((await run('rule', 'list')).stdout.split('\n').length, 2);

  const made = await run(...add);
  t.regex(made.stdout, /^rule r1 gives label rack=r1 the profile debian \([0-9a-f-]{36}\)\n$/);
  t.regex(
    (await run('rule', 'list')).stdout,
    /^r1 +5 +label rack=r1 +debian +[0-9a-f-]{36} +- +[0-9a-f-]{36}$/m,
  );
  t.regex(await script(broker, 0), / one rack=r1 /);
  t.regex((await run(...add, '--priority', '6')).stderr, /is called r1/);

  await run('profile', 'create', ...debian, '--cmdline', 'two');
  t.regex((await run('rule', 'list')).stdout, / to 50 % /);
  t.regex(
    (await run('rule', 'promote', 'r1', '--percent', '60')).stdout,
    /rolls out \S+ to 60 % of its machines/,
  );
  const promoted = JSON.parse((await run('rule', 'promote', 'r1', '--json')).stdout);
  t.false('rollout' in promoted);
  t.regex(await script(broker, 2), / two /);

  const back = await run('rollback', '--rule', 'r1', '--dry-run', '--json');
  const { items, examined } = JSON.parse(back.stdout);
  t.deepEqual([items.length, examined], [2, 3]);
  t.regex(items[0].before.script, / two /);
  t.regex(items[0].after.script, / one rack=r1 /);
  t.regex((await run('rollback', '--rule', 'r1')).stdout, /^rule r1 hands out revision \S+ from now on\n$/);
  t.regex(await script(broker, 2), / one rack=r1 /);
  t.is((await run('rollback', '--rule', 'r1')).code, 1);

  const [one, two] = JSON.parse((await run('profile', 'list', '--name', 'debian', '--json')).stdout).items;
  t.is(
    (await run('profile', 'diff', one.id, two.id)).stdout,
    'cmdline: without one rack={{ labels.rack }}, with two\n',
  );
  t.is((await run('profile', 'diff', one.id, one.id)).stdout, 'a machine could not tell them apart\n');

  t.is(
    (await run('rule', 'set', 'r1', '--priority', '7', '--percent', '10')).stdout,
    'rule r1 is at version 6\n',
  );
  t.regex((await run('rule', 'set', 'r1', '--profile', 'nothing', '--dry-run')).stdout, /2 of 3 machines/);
  t.is((await run('rule', 'set', 'r1')).code, 1);
  t.regex((await run('rule', 'delete', 'r1', '--dry-run')).stdout, /2 of 3 machines would change/);
  t.is((await run('rule', 'delete', 'r1')).stdout, 'rule r1 is deleted\n');
  t.regex((await run('rule', 'delete', 'r1')).stderr, /there is no rule r1/);
});

test('a machine is rolled back by its MAC, and a new revision can be tried dry', async (t) => {
  const { run } = await scene(t);
  const mine = ['--machine', '52:54:00:00:00:00'];
  for (const word of ['one', 'two']) await run('profile', 'create', ...debian, ...mine, '--cmdline', word);
  const dry = await run('profile', 'create', ...debian, ...mine, '--cmdline', 'three', '--dry-run');
  t.regex(dry.stdout, /\n {2}- kernel .* two /);
  t.regex(dry.stdout, /\n {2}\+ kernel .* three /);
  t.regex((await run('rollback', ...mine)).stdout, /^machine \S+ boots revision \S+ from now on\n$/);
  t.regex((await run('rollback', ...mine)).stderr, /had no profile before/);
  const released = await run('machine', 'release', '52:54:00:00:00:00', '--dry-run');
  t.regex(released.stdout, /^box0 +debian \S+ +-$/m);
  t.regex(
    (await run('machine', 'release', '52:54:00:00:00:00')).stdout,
    /boots what the rules say from now on/,
  );
});

test('what is not said well is said so', async (t) => {
  const { run } = await scene(t);
  const add = ['rule', 'add', '--name', 'r', '--profile', 'debian', '--priority', '1'];
  for (const wrong of [
    add,
    [...add, '--all', '--arch', 'arm64'],
    [...add.slice(0, -1), 'x', '--all'],
    ['rollback'],
    ['rollback', '--rule', 'a', '--machine', 'b'],
  ])
    t.is((await run(...wrong)).code, 2, wrong.join(' '));
  t.regex((await run(...add, '--arch', 'riscv')).stderr, /body\.selector/);
  t.regex((await run(...add, '--all')).stdout, /nothing yet: there is no revision of debian/);
  const broken = await run('profile', 'create', ...debian, '--cmdline', '{% if labels.rack %}');
  t.is(broken.code, 1);
  t.regex(broken.stderr, /line 1, column 1/);
});

test('a rule by hardware is made from options, which hold all at once', async (t) => {
  const { broker, run } = await scene(t);
  await run('profile', 'create', ...debian, '--cmdline', 'plain');
  const add = ['rule', 'add', '--name', 'dell', '--profile', 'debian', '--priority', '5'];
  const made = await run(
    ...add,
    ...['--manufacturer', 'Dell*', '--product', 'R640', '--cpu', 'epyc', '--memory-at-least', '64GiB'],
    ...['--drive', 'nvme', '--accelerator', '*H100*', '--nic', 'e810', '--json'],
  );
  t.deepEqual(JSON.parse(made.stdout).selector, {
    all: [
      { manufacturer: 'Dell*' },
      { product: 'R640' },
      {
        hardware: {
          cpu: 'epyc',
          memory_at_least: 64 * 2 ** 30,
          drive: 'nvme',
          accelerator: '*H100*',
          nic: 'e810',
        },
      },
    ],
  });
  t.regex(
    (await run('rule', 'list')).stdout,
    /manufacturer like Dell\* and product like R640 and cpu like epyc/,
  );
  await run('rule', 'delete', 'dell');
  const dry = await run(...add, '--manufacturer', 'Dell', '--dry-run');
  t.regex(dry.stdout, /^box0 +- +- \(unknown until it asks\)$/m);
  t.is((await run(...add, '--manufacturer', 'Dell')).code, 0);
  const ask = '/boot.ipxe?mac=52:54:00:00:00:00&manufacturer=Dell%20Inc.';
  t.regex((await broker.boot(ask, { userAgent: 'iPXE/2.0.0' })).text, / plain /);
  const why = await run('explain', '--mac', '52:54:00:00:00:00', '--manufacturer', 'HPE');
  t.regex(why.stdout, /manufacturer is HPE, not like Dell/);
  t.regex((await run(...add, '--memory-at-least', 'much')).stderr, /must be bytes, such as/);
});

test('what was recorded is explained again without a broker', async (t) => {
  const { run } = await scene(t);
  const folder = await mkdtemp(join(tmpdir(), 'bootbroker-explain-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'facts.json');
  await run('profile', 'create', ...debian, '--cmdline', 'rack={{ labels.rack }}');
  await run('rule', 'add', '--name', 'all', '--profile', 'debian', '--priority', '1', '--all');
  const asked = await run(
    'explain',
    '--mac',
    '52:54:00:00:00:00',
    '--user-agent',
    'iPXE/2.0.0',
    '--record',
    file,
  );
  t.is(asked.code, 0, asked.stderr);
  t.regex(asked.stdout, /^ {2}1 +all +won +all of nothing: every machine$/m);
  const offline = command({ url: 'http://127.0.0.1:1', token: 'none' });
  const again = await offline('explain', '--replay', file);
  t.is(again.stdout.replace(/^recorded at: .*\n/, ''), asked.stdout);
  t.notRegex(await readFile(file, 'utf8'), /X-Goog-Signature=[^*]/);
  t.is((await offline('explain', '--replay', join(folder, 'nothing'))).code, 2);
});
