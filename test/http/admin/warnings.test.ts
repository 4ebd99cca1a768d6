import anyTest, { type TestFn } from 'ava';
import { command } from '../../cli/command.ts';
import { addMachine } from '../../support/broker.ts';
import { agents, type Site, startSite } from '../site.ts';

const test = anyTest as TestFn;
let site: Site;
test.before(async () => {
  site = await startSite();
});
test.after.always(() => site?.close());

const type = 'urn:bootbroker:warning:initrd-word';
const howTo = {
  name: 'how-to',
  kernel: 'debian@12',
  initrd: 'debian@12',
  cmdline: 'initrd=initrd.img quiet',
};

test('a write that is done nevertheless says what should be known, in the answer, in a dry run, and by apply', async (t) => {
  const mac = '52:54:00:0b:00:01';
  const { id } = await addMachine(site, { macs: [mac] });
  const body = { ...howTo, machine_id: id };
  for (const query of ['?dry_run=1', '']) {
    const { json } = await site.admin(`/api/v1/profiles${query}`, body);
    t.deepEqual(
      json.warnings.map((one: { type: string }) => one.type),
      [type],
      query,
    );
    t.regex(json.warnings[0].detail, /how-to is handed out without initrd=initrd\.img/);
  }
  const { text } = await site.boot(`/boot.ipxe?mac=${mac}`, { userAgent: agents.ipxe });
  t.regex(text, /kernel --name kernel \S+ initrd=initrd0 quiet \|\|/);

  for (const query of ['?dry_run=1', '']) {
    const { json } = await site.admin(`/api/v1/apply${query}`, { profiles: [{ ...howTo, name: 'applied' }] });
    t.is(json.warnings?.[0]?.type, type, query);
  }
  const unchanged = await site.admin('/api/v1/apply', { profiles: [{ ...howTo, name: 'applied' }] });
  t.deepEqual(unchanged.json, { dry_run: false, changes: [] });
});

test('a label that makes a template say such a word is told of when it is written', async (t) => {
  const labels = { more: 'a' };
  const { id } = await addMachine(site, { macs: ['52:54:00:0b:00:02'], labels });
  const cmdline = 'quiet {{ labels.more }}';
  const { json } = await site.admin('/api/v1/profiles', { ...howTo, machine_id: id, cmdline });
  t.is(json.warnings, undefined);
  const changed = { macs: ['52:54:00:0b:00:02'], labels: { more: 'initrd=x' } };
  const put = await site.admin(`/api/v1/machines/${id}`, changed, { method: 'PUT' });
  t.is(put.json.warnings[0].type, type);
  t.is((await site.admin(`/api/v1/machines/${id}`)).json.warnings, undefined);
});

test('the command line tells each warning once, on standard error', async (t) => {
  const run = command({ url: `http://127.0.0.1:${site.adminPort}`, token: site.parts.adminToken });
  const options = ['--name', 'told', '--kernel', 'debian@12', '--cmdline', 'initrd=main quiet'];
  for (const more of [[], ['--dry-run']]) {
    const { code, stderr } = await run('profile', 'create', ...options, ...more);
    t.is(code, 0, stderr);
    t.regex(stderr, /^bootbroker: warning: .* without initrd=main: .*\n$/);
  }
  const { stdout } = await run('profile', 'create', ...options, '--json');
  t.is(JSON.parse(stdout).warnings.length, 1);
});
