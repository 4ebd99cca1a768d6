import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type Broker, brokerFor, push } from '../support/broker.ts';
import { until } from '../support/http.ts';
import { command } from './command.ts';

const mac = '52:54:00:03:00:01';

/** The command line before a broker of its own. */
async function before(t: ExecutionContext) {
  const broker = await brokerFor(t);
  return { broker, run: commandTo(broker, broker.parts.adminToken) };
}

function commandTo(broker: Broker, token: string) {
  return command({ url: `http://127.0.0.1:${broker.adminPort}`, token });
}

test('a machine is added, shown, changed without what others changed, and deleted', async (t) => {
  const { broker, run } = await before(t);
  const dir = await mkdtemp(join(tmpdir(), 'bootbroker-test-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  await writeFile(join(dir, 'client.json'), '{"any":{"follows_redirects":false}}');
  await run('machine', 'add', '--mac', mac, '--label', 'rack=r1', '--label', 'spare=yes', '--name', 'one');
  const shown = await run('machine', 'show', '5254.0003.0001');
  t.regex(shown.stdout, /^name: one\n/m);
  t.regex(shown.stdout, /^ {2}rack: r1\n/m);
  const set = await run(
    'machine',
    'set',
    mac,
    '--label',
    'rack=r2',
    '--unlabel',
    'spare',
    '--serial',
    'S-1',
    '--unset',
    'name',
    '--client',
    join(dir, 'client.json'),
    '--network',
    '10.0.0.0/8',
    '--json',
  );
  t.is(set.code, 0, set.stderr);
  const { created_at, updated_at, ...machine } = JSON.parse(set.stdout);
  t.deepEqual(machine, {
    id: machine.id,
    macs: [mac],
    serial: 'S-1',
    labels: { rack: 'r2' },
    networks: ['10.0.0.0/8'],
    client: { any: { follows_redirects: false } },
    history: [],
    version: 2,
  });
  t.regex((await run('machine', 'list', '--label', 'rack=r2')).stdout, new RegExp(machine.id));
  t.notRegex((await run('machine', 'list', '--serial', 'S-2')).stdout, new RegExp(machine.id));
  t.is((await run('machine', 'set', 'nobody', '--name', 'x')).code, 1);
  t.is((await run('machine', 'delete', mac)).stdout, `machine ${machine.id} is deleted\n`);
  t.is((await run('machine', 'delete', machine.id)).code, 1);
  t.is(await broker.parts.records.machine(machine.id), undefined);
});

test('a profile for one machine needs no name, and names assets by their ids, too', async (t) => {
  const { broker, run } = await before(t);
  const kernel = await push(broker, { kind: 'kernel', name: 'debian', bytes: Buffer.from('kernel') });
  const initrd = await push(broker, { kind: 'initrd', name: 'debian', bytes: Buffer.from('initrd') });
  await run('machine', 'add', '--mac', mac, '--name', 'rack1-u07');
  const assets = ['--kernel', kernel.id, '--initrd', initrd.id];
  const made = await run('profile', 'create', '--machine', mac, ...assets);
  t.regex(
    made.stdout,
    /^profile rack1-u07 has the new revision .*; machine .* boots it from now on\n$/,
    made.stderr,
  );
  t.regex((await run('profile', 'list')).stdout, /^rack1-u07 .* debian@1 +debian@1 /m);
  const nobodys = await run('profile', 'create', ...assets);
  t.deepEqual([nobodys.code, nobodys.stdout], [2, '']);
  t.regex(nobodys.stderr, /give the profile a --name, or name the --machine that it is for/);
  const wrong = await run('profile', 'create', '--name', 'p', '--kernel', initrd.id);
  t.is(wrong.code, 1);
  t.regex(wrong.stderr, /is initrd debian@1 for x86_64, and a kernel for x86_64 is needed here/);
});

test('a machine that asks to boot is listed as pending, and enrolled or dismissed by its MAC', async (t) => {
  const { broker, run } = await before(t);
  for (const n of [1, 2])
    await broker.boot(`/boot.ipxe?mac=52:54:00:03:01:0${n}`, { userAgent: 'iPXE/2.0.0' });
  await until(async () => (await broker.parts.records.listPending({ limit: 10 })).items.length === 2);
  t.regex((await run('machine', 'pending')).stdout, /^52:54:00:03:01:01 +- +- +- +127\.0\.0\.1 /m);
  const enrolled = await run('machine', 'enroll', '52-54-00-03-01-01', '--name', 'new', '--label', 'rack=r1');
  t.regex(enrolled.stdout, /^machine new is registered: /);
  t.is((await run('machine', 'dismiss', '525400030102')).code, 0);
  const { code, stderr } = await run('machine', 'enroll', '525400030102');
  t.is(code, 1);
  t.regex(stderr, /is pending\. List them: bootbroker machine pending/);
  t.deepEqual(JSON.parse((await run('machine', 'pending', '--json')).stdout), { items: [] });
});

test('enroll tells what it left out and from where to bind the machine, chooses, and adds a MAC; add tells of placeholders', async (t) => {
  const { broker, run } = await before(t);
  const asks = (query: string) => broker.boot(`/boot.ipxe?${query}`, { userAgent: 'iPXE/2.0.0' });
  const uuid = '4c4c4544-0044-4a10-8031-b4c04f4b4d31';
  await asks(`mac=52:54:00:03:02:01&uuid=${uuid}&serial=0123456789`);
  await asks(`mac=52:54:00:03:02:02&serial=S2`);
  await asks(`mac=52:54:00:03:02:02&serial=S3`);
  const pending = async () => (await broker.parts.records.listPending({ limit: 10 })).items;
  await until(
    async () => (await pending()).filter(({ others, placeholders }) => others ?? placeholders).length === 2,
  );
  t.regex((await run('machine', 'pending')).stdout, /127\.0\.0\.1 says serial S[23]/);
  const { stderr, stdout } = await run('machine', 'enroll', '52:54:00:03:02:01', '--name', 'new');
  t.regex(stdout, /^machine new is registered: /);
  t.regex(
    stderr,
    /^bootbroker: warning: The serial 0123456789 is one that firmware says .*: it is left out\.$/m,
  );
  t.regex(stderr, /^it asked from 127\.0\.0\.1; .*bootbroker machine set \S+ --network 127\.0\.0\.0\/24$/m);
  const guess = await run('machine', 'enroll', '52-54-00-03-02-02');
  t.is(guess.code, 1);
  t.regex(guess.stderr, /Several say that they are 52:54:00:03:02:02.*--mac-only/);
  t.is(
    (await run('machine', 'enroll', '52-54-00-03-02-02', '--serial', 'S3', '--network', '127.0.0.0/8'))
      .stderr,
    '',
  );
  await asks(`mac=52:54:00:03:02:03&uuid=${uuid}`);
  await until(async () => (await pending()).length === 1);
  t.regex((await run('machine', 'pending')).stdout, /same uuid as machine /);
  const added = await run('machine', 'enroll', '52:54:00:03:02:03', '--add-to', '52:54:00:03:02:01');
  t.regex(added.stdout, /^machine new has 52:54:00:03:02:01, 52:54:00:03:02:03: /);
  const told = await run('machine', 'add', '--mac', '52:54:00:03:02:04', '--serial', 'N/A');
  t.regex(told.stderr, /^bootbroker: warning: The serial N\/A is one .*: nothing is found by it\.$/m);
});

test('a token is made for scripts to take, works, is listed without its secret, and ends', async (t) => {
  const { broker, run } = await before(t);
  const made = await run('token', 'create', '--name', 'ci', '--role', 'viewer', '--expires', '90d');
  t.regex(made.stdout, /^bb_[0-9a-f]{32}_[0-9a-f]{64}\n$/);
  t.regex(made.stderr, /^token \S+ for viewer ends 20/);
  const viewer = commandTo(broker, made.stdout.trim());
  t.is((await viewer('machine', 'list')).code, 0);
  const refused = await viewer('machine', 'add', '--mac', mac);
  t.is(refused.code, 1);
  t.regex(refused.stderr, /needs the role operator/);
  const listed = await run('token', 'list');
  t.regex(listed.stdout, /^ci +viewer +20/m);
  t.false(listed.stdout.includes(made.stdout.trim().split('_')[2] ?? ''));
  const [{ id }] = JSON.parse((await run('token', 'list', '--json')).stdout).items;
  t.is((await run('token', 'revoke', id)).code, 0);
  t.is((await viewer('machine', 'list')).code, 1);
  for (const expires of ['0d', 'soon', '1y', '2027-99-01'])
    t.is(
      (await run('token', 'create', '--name', 'x', '--role', 'viewer', '--expires', expires)).code,
      2,
      expires,
    );
  t.is((await run('token', 'create', '--name', 'x', '--role', 'viewer', '--expires', '2020-01-01')).code, 1);
  t.is((await run('token', 'create', '--name', 'x', '--role', 'king')).code, 2);
});

test('the audit log is listed, and verified against a head that was kept', async (t) => {
  const { broker, run } = await before(t);
  for (let n = 0; n < 3; n += 1) await run('machine', 'add', '--mac', `52:54:00:03:02:0${n}`);
  t.regex(
    (await run('audit', 'list')).stdout,
    /^\S+ +bootstrap admin-token +127\.0\.0\.1 +machine\.create +machine \S+ +done$/m,
  );
  t.deepEqual(JSON.parse((await run('audit', 'list', '--json', '--action', 'token')).stdout), { items: [] });
  const { items } = JSON.parse((await run('audit', 'list', '--json', '--last', '2')).stdout);
  t.deepEqual(
    items.map(({ seq }: { seq: number }) => seq),
    [2, 3],
  );
  t.is((await run('audit', 'list', '--last', '0')).code, 2);
  const { seq, hash } = JSON.parse((await run('audit', 'verify', '--json')).stdout);
  t.is(seq, 3);
  await run('token', 'create', '--name', 'x', '--role', 'viewer');
  const later = await run('audit', 'verify', '--head', `${seq}:${hash}`);
  t.is(later.code, 0, later.stderr);
  t.regex(later.stdout, /^the audit log is whole: 4 events;/);
  for (const head of [`${seq}:${createHash('sha256').digest('hex')}`, `9:${hash}`, `2:${hash}`]) {
    const { code, stderr } = await run('audit', 'verify', '--head', head);
    t.is(code, 1, head);
    t.regex(stderr, /taken away or written anew/);
  }
  t.is((await run('audit', 'verify', '--head', 'x')).code, 2);
  const forged = await brokerFor(t, {
    replace: ({ records }) => ({
      records: {
        ...records,
        listAudit: async (page) => {
          const { items, ...rest } = await broker.parts.records.listAudit(page);
          return { items: items.map((event) => (event.seq === 2 ? { ...event, at: 'x' } : event)), ...rest };
        },
      },
    }),
  });
  const broken = await commandTo(forged, forged.parts.adminToken)('audit', 'verify');
  t.is(broken.code, 1);
  t.regex(broken.stderr, /broken at event 2, after 1/);
});
