import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import type { BootRecord } from '../../../src/boot/history/boot-record.ts';
import { addMachine, addProfile } from '../../support/broker.ts';
import { until } from '../../support/http.ts';
import { agents, type Site, startSite } from '../site.ts';

const test = anyTest as TestFn<Site>;
let site: Site;
let now = Date.now();
test.before(async () => {
  site = await startSite({ clock: () => new Date(now) });
});
test.after.always(() => site?.close());

let last = 0;
/** A machine for one test, with a profile of its own. */
async function machine(t: ExecutionContext) {
  last += 1;
  const mac = `52:54:00:00:02:${String(last).padStart(2, '0')}`;
  const { id } = await addMachine(site, { macs: [mac] });
  const profile = { machine_id: id, kernel: 'debian@12', initrds: ['debian@12'] };
  const { id: revision } = await addProfile(site, { name: `p${last}`, ...profile });
  const boots = async (): Promise<readonly BootRecord[]> =>
    (await site.admin(`/api/v1/boots?machine=${id}`)).json.items;
  const ask = (target: string) => site.boot(target, { userAgent: agents.ipxe });
  /** Its script: which boot it names, and the URL of its kernel. */
  const script = async () => {
    const { status, text } = await ask(`/boot.ipxe?mac=${mac}`);
    t.is(status, 200);
    const urls = [...text.matchAll(/\/asset\/\S+/g)].map(([url]) => url);
    const named = new Set(urls.map((url) => new URL(url, 'http://a').searchParams.get('boot')));
    t.is(urls.length, 2);
    t.is(named.size, 1, 'every URL names the same boot');
    return { boot: [...named][0] ?? '', kernel: urls[0] ?? '' };
  };
  return { id, mac, revision, boots, ask, script };
}

const uuidV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test.serial(
  'a boot is one record: its script begins it, its URLs name it, what follows is its steps',
  async (t) => {
    const { id, revision, boots, ask, script } = await machine(t);
    const { boot, kernel } = await script();
    t.regex(boot, uuidV7);
    t.is((await ask(kernel)).status, 302);
    await site.boot(`/report/up?machine=${id}&boot=${boot}`, { method: 'POST', body: 'Linux' });
    const [only, ...others] = await boots();
    t.deepEqual(others, []);
    t.like(only, { id: boot, machine_id: id, revision, source: '127.0.0.1' });
    t.deepEqual(
      only?.steps.map(({ stage, detail = '' }) => `${stage} ${detail.split(',')[0]}`.trim()),
      ['script', 'asset kernel debian@12 by redirect', 'up Linux'],
    );
  },
);

test.serial('a script is its last boot’s retry for five minutes, until something is fetched', async (t) => {
  const { boots, ask, script } = await machine(t);
  const first = await script();
  now += 299_000;
  t.is((await script()).boot, first.boot);
  now += 1000;
  const second = await script();
  t.not(second.boot, first.boot);
  await ask(second.kernel);
  const third = await script();
  t.not(third.boot, second.boot);
  t.deepEqual(
    (await boots()).map(({ id, steps }) => [id, steps[0]?.times]),
    [
      [first.boot, 2],
      [second.boot, undefined],
      [third.boot, undefined],
    ],
  );
});

test.serial('HEAD of a script begins no boot', async (t) => {
  const { mac, boots } = await machine(t);
  await site.boot(`/boot.ipxe?mac=${mac}`, { method: 'HEAD', userAgent: agents.ipxe });
  t.deepEqual(await boots(), []);
});

test.serial('a boot that is not the machine’s own, or none at all, changes nobody else’s', async (t) => {
  const [one, other] = [await machine(t), await machine(t)];
  const { boot } = await one.script();
  for (const named of [
    boot,
    boot.toUpperCase(),
    'nonsense',
    '',
    '../x',
    '00000000-0000-7000-8000-000000000000',
  ])
    t.is((await site.boot(`/report/up?machine=${other.id}&boot=${named}`)).status, 200, named);
  t.deepEqual((await one.boots())[0]?.steps.length, 1);
  t.like(await other.boots(), [{ machine_id: other.id, steps: [{ stage: 'up', times: 6 }] }]);
});

test.serial('a record names a revision only where it was this machine’s', async (t) => {
  const [one, other] = [await machine(t), await machine(t)];
  t.is((await one.ask(`/asset/${other.revision}/kernel?machine=${one.id}`)).status, 302);
  const [boot] = await one.boots();
  t.is(boot?.steps.length, 1);
  t.is(boot?.revision, undefined);
  t.is((await other.ask(`/m/${other.mac}/kernel`)).status, 302);
  t.is((await other.boots())[0]?.revision, other.revision);
});

test.serial('what a machine says is kept up to 2 KiB, the last words of a stage', async (t) => {
  const { id, boots } = await machine(t);
  for (const body of ['first', 'ü'.repeat(8000)])
    await site.boot(`/report/failed?machine=${id}`, { method: 'POST', body });
  t.like(await boots(), [{ steps: [{ stage: 'failed', times: 2, detail: 'ü'.repeat(1024) }] }]);
});

test.serial('however many stages a machine makes up, its record keeps 64 and counts the rest', async (t) => {
  const { id, boots } = await machine(t);
  const entry = (stage: string) => ({
    machine_id: id,
    owned: false,
    fresh: crypto.randomUUID(),
    step: { at: new Date(now).toISOString(), stage, source: '10.0.0.1' },
  });
  for (let n = 0; n < 100; n += 1) await site.parts.records.addBootEntry(entry(`s${n}`));
  const [boot] = await boots();
  t.is(boot?.steps.length, 64);
  t.is(boot?.left_out, 36);
});

test.serial('a machine that reports too fast is told when to come again; the others report on', async (t) => {
  const [one, other] = [await machine(t), await machine(t)];
  const report = (id: string, n: number) => site.boot(`/report/s${n % 3}?machine=${id}`);
  const answers = [];
  for (let n = 0; n < 40; n += 1) answers.push(await report(one.id, n));
  t.deepEqual(
    answers.slice(0, 20).map(({ status }) => status),
    Array(20).fill(200),
  );
  const refused = answers.filter(({ status }) => status === 429);
  t.true(refused.length > 0);
  for (const { json, headers } of refused) {
    t.is(json.type, 'urn:bootbroker:problem:too-many-reports');
    t.is(headers['retry-after'], '1');
  }
  t.is((await report(other.id, 0)).status, 200);
  t.regex((await site.boot('/metrics')).text, /^bootbroker_reports_refused_total\{by="machine"\} [1-9]/m);
});

test.serial('scripts and assets that come too fast are served, and counted in the record', async (t) => {
  const { boots, ask, script } = await machine(t);
  const { kernel } = await script();
  for (let n = 0; n < 60; n += 1) t.is((await ask(kernel)).status, 302);
  const counted = async () => {
    const [boot] = await boots();
    const { steps = [], left_out = 0 } = boot ?? {};
    return { left_out, all: steps.reduce((sum, { times = 1 }) => sum + times, left_out) };
  };
  await until(async () => (await counted()).all === 61);
  t.true((await counted()).left_out > 0);
});

test('a source that reports too fast is told so, before anything is looked up', async (t) => {
  const small = await startSite({ settings: { BROKER_REPORTS_PER_SOURCE: '5' } });
  t.teardown(() => small.close());
  const statuses = [];
  for (let n = 0; n < 12; n += 1) statuses.push((await small.boot(`/report/up?machine=nobody-${n}`)).status);
  t.deepEqual(statuses.slice(0, 5), Array(5).fill(404));
  t.true(statuses.includes(429));
});
