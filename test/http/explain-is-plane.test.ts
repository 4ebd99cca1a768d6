import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { ofAnyBoot } from '../support/boots.ts';
import { addMachine, addProfile, type Broker, brokerFor, push } from '../support/broker.ts';
import { edgeKeysSetting, vouch } from '../support/edge.ts';
import { type Answered, ask, until } from '../support/http.ts';
import { agents } from './site.ts';

const macs = ['52:54:00:00:00:01', '52:54:00:00:00:02', '52:54:00:00:00:03', '52:54:00:00:00:04'];
const uuids = ['4c4c4544-0001-4000-8000-000000000001', '4c4c4544-0001-4000-8000-000000000002'];
const serials = ['SN 1', 'SN-2', 'None'];
/** From where the test itself may ask, and where it may not. */
const networks = ['127.0.0.0/8', '127.0.0.2/32', '10.1.0.0/24', '192.168.7.0/24', '192.168.7.20/32'];
const racks = ['r1', 'r2'];
const makes = ['Dell Inc.', 'HPE', 'To Be Filled By O.E.M.'];

const some = <T>(values: readonly T[]) => fc.constantFrom(...values);
const maybe = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined });

const machine = fc.record(
  {
    macs: fc.uniqueArray(some(macs), { maxLength: 2 }),
    uuid: some(uuids),
    serial: some(serials),
    labels: fc.record({ rack: some(racks), arch: some(['x86_64', 'arm64']) }, { requiredKeys: [] }),
    networks: fc.uniqueArray(some(networks), { maxLength: 2 }),
    disk_boot: some(['exit', '404', 'sanboot']),
    hardware: fc.record(
      { manufacturer: some(makes), memory: some([2 ** 30, 2 ** 37]) },
      { requiredKeys: [] },
    ),
    client: fc.record(
      {
        any: fc.record(
          { follows_redirects: fc.boolean(), max_redirect_length: some([64, 4096]) },
          { requiredKeys: [] },
        ),
        'uefi-http-boot': fc.record({ follows_redirects: fc.boolean() }, { requiredKeys: [] }),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);

const condition = fc.oneof(
  some(['dell', 'HP*']).map((manufacturer) => ({ manufacturer })),
  some(['R640', '*']).map((product) => ({ product })),
  some(['64GiB', 2 ** 20]).map((memory_at_least) => ({ hardware: { memory_at_least } })),
  some(racks).map((rack) => ({ label: { rack } })),
  some(macs).map((mac) => ({ mac })),
  some(networks).map((network) => ({ network })),
  some(['x86_64', 'arm64']).map((arch) => ({ arch })),
  fc.constant({ all: [] }),
);
const selector = fc.oneof(
  condition,
  condition.map((one) => ({ not: one })),
  fc.array(condition, { maxLength: 3 }).map((all) => ({ all })),
);

const world = fc.record({
  machines: fc.array(fc.record({ machine, own: maybe(some(['debian', 'tool', 'live', 'disk'])) }), {
    maxLength: 3,
  }),
  rules: fc.array(
    fc.record({ selector, profile: some(['debian', 'tool', 'disk', 'none-yet']), percent: some([50, 100]) }),
    { maxLength: 3 },
  ),
  revision: fc.boolean(),
});

type World = typeof world extends fc.Arbitrary<infer There> ? There : never;

const request = fc.record(
  {
    mac: some([...macs, '52:54:00:00:00:99']),
    uuid: some(uuids),
    serial: some([...serials, 'SN-99']),
    manufacturer: some(makes),
    product: some(['PowerEdge R640', 'ProLiant']),
    arch: some(['x86_64', 'x86_64', 'i386', 'amd64', 'arm64', 'riscv64']),
    user_agent: some([...Object.values(agents), 'Mozilla/5.0']),
    source: some(['127.0.0.1', '127.0.0.2', '127.0.0.9']),
    forwarded_for: some(['10.1.0.7', '8.8.8.8', '10.1.0.7, 127.0.0.9']),
    edge: some(['follow', 'cache,follow']),
    hw: some(macs),
  },
  { requiredKeys: ['source'] },
);
type Request = { readonly source: string } & Readonly<Partial<Record<string, string>>>;

/** What the boot plane does with a request. */
interface Done {
  readonly status: number;
  readonly plan: string;
  readonly reason: string;
  readonly problem?: string;
  readonly script?: string;
}

const settings: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'by their peers': {},
  'through proxies, with a profile for unknown machines': {
    BROKER_TRUSTED_PROXIES: '127.0.0.9/32',
    BROKER_UNKNOWN_MACHINE: 'profile:debian',
    BROKER_OUTAGE: 'disk',
  },
  'through edges, unknown ones to their disks': {
    BROKER_EDGE_KEYS: edgeKeysSetting,
    BROKER_UNKNOWN_MACHINE: 'exit',
  },
};

const worlds = 40;
const requestsEach = 5;

for (const [how, given] of Object.entries(settings))
  test(`what explain says is what the boot plane answers, in random worlds: ${how}`, async (t) => {
    const seed = Number(process.env.BROKER_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
    t.log(`BROKER_TEST_SEED=${seed}`);
    const broker = await brokerFor(t, { settings: given });
    const byEdge = 'BROKER_EDGE_KEYS' in given;
    await furnish(broker);
    const wanted = fc.sample(
      fc.tuple(world, fc.array(request, { minLength: requestsEach, maxLength: requestsEach })),
      {
        seed,
        numRuns: worlds,
      },
    );
    let booted = 0;
    for (const [there, requests] of wanted) {
      await become(broker, there);
      for (const one of requests) {
        const asked: Request = byEdge ? { ...one, source: edgeAddress(one.source) } : withoutEdge(one);
        if (await explainIsPlane(t, broker, asked, byEdge)) booted += 1;
      }
    }
    t.true(booted > (worlds * requestsEach) / 20, `only ${booted} of these requests booted anything`);
  });

/** The test's own addresses as the edges of test/support/edge.ts vouch for them. */
function edgeAddress(source: string): string {
  return source.replace('127.0.0', '192.168.7').replace(/\.2$/, '.20');
}

function withoutEdge({ edge: _, hw: __, ...request }: Request): Request {
  return request as Request;
}

async function furnish(broker: Broker): Promise<void> {
  for (const arch of ['x86_64', 'arm64'] as const)
    await push(broker, { kind: 'kernel', name: 'debian', arch, bytes: Buffer.from(`kernel for ${arch}`) });
  await push(broker, { kind: 'initrd', name: 'debian', bytes: Buffer.from('initrd') });
  await push(broker, { kind: 'efi', name: 'ipxe', bytes: Buffer.from('efi') });
  await push(broker, { kind: 'iso', name: 'live', bytes: Buffer.from('iso') });
  await revise(broker, 'debian');
  await addProfile(broker, { name: 'tool', efi: 'ipxe@1' });
  await addProfile(broker, { name: 'live', iso: 'live@1' });
  await addProfile(broker, { name: 'disk', disk: true });
}

function revise(broker: Broker, name: string) {
  const cmdline = `at=${Date.now()} rack={{ labels.rack | default: "none" }}`;
  return addProfile(broker, { name, kernel: 'debian@1', initrds: ['debian@1'], cmdline });
}

/** Makes the broker's records that world, whatever they were. */
async function become(broker: Broker, { machines, rules, revision }: World): Promise<void> {
  const { admin } = broker;
  for (const noun of ['machines', 'rules'])
    for (const { id } of (await admin(`/api/v1/${noun}`)).json.items)
      await admin(`/api/v1/${noun}/${id}`, undefined, { method: 'DELETE' });
  for (const [priority, rule] of rules.entries())
    await admin('/api/v1/rules', { name: `rule-${priority}`, priority, ...rule });
  if (revision) await revise(broker, 'debian');
  const taken = new Set<string>();
  for (const { machine, own } of machines) {
    const free = (machine.macs ?? []).filter((mac) => !taken.has(mac));
    for (const mac of free) taken.add(mac);
    if (free.length === 0 && !machine.uuid && !machine.serial) continue;
    const { id } = await addMachine(broker, { ...machine, macs: free });
    const arch = machine.labels?.arch ?? 'x86_64';
    if (own === 'debian')
      await addProfile(broker, { name: 'own', machine_id: id, arch, kernel: 'debian@1', cmdline: 'mine' });
    else if (own === 'disk') await addProfile(broker, { name: 'own', machine_id: id, arch, disk: true });
    else if (own && arch === 'x86_64')
      await addProfile(broker, {
        name: own,
        machine_id: id,
        ...(own === 'tool' ? { efi: 'ipxe@1' } : { iso: 'live@1' }),
      });
  }
}

/** True when the plane gave it something to boot. */
async function explainIsPlane(
  t: ExecutionContext,
  broker: Broker,
  request: Request,
  byEdge: boolean,
): Promise<boolean> {
  const query = new URLSearchParams(
    Object.entries(request).filter(([, value]) => value) as [string, string][],
  );
  const said = (await broker.admin(`/api/v1/explain?${query}`)).json;
  const about = `${query}`;
  const { mac, uuid, serial, manufacturer, product, arch, user_agent } = request;
  const claims = Object.entries({ mac, uuid, serial, manufacturer, product, arch }).flatMap(
    ([name, value]) => (value ? [`${name}=${encodeURIComponent(value)}`] : []),
  );
  const get = (target: string, userAgent = user_agent) =>
    asPlane(broker, target, request, { userAgent, byEdge });
  const entry = ['/boot.ipxe', claims.join('&')].filter(Boolean).join('?');
  const done = await get(entry);
  t.deepEqual(toldOf(said.boot_url), done, `boot URL: ${about}`);
  for (const stage of said.first_stages) {
    // iPXE gets a script there as well: what is told of first stages is what firmware gets.
    const by = user_agent?.startsWith('iPXE') ? agents.firmware : user_agent;
    t.deepEqual(toldOf(stage), await get(stage.path, by), `${stage.path}: ${about}`);
  }
  for (const asset of said.assets)
    t.deepEqual(toldOf(asset), await get(asset.path), `${asset.path}: ${about}`);
  if (said.script) t.deepEqual(toldOf(said.script), await get(entry, agents.ipxe), `its script: ${about}`);
  const refused = [said.boot_url, said.machine && said.script].find((one) => one?.plan === 'refuse');
  const whole = refused ?? said.assets[0] ?? said.boot_url;
  t.like(said, { plan: whole.plan, reason: whole.reason, status: whole.status }, about);
  return (said.assets.length > 0 || said.plan === 'disk') && !refused;
}

/** What explain says of one request, as far as the plane's answer shows it. */
function toldOf({ status, plan, reason, problem, script }: Done): Done {
  return { status, plan, reason, ...(problem && { problem }), ...(script && { script }) };
}

async function asPlane(
  broker: Broker,
  target: string,
  { source, forwarded_for, edge, hw }: Request,
  { userAgent, byEdge }: { readonly userAgent: string | undefined; readonly byEdge: boolean },
): Promise<Done> {
  const capabilities = edge?.split(',') ?? [];
  const statement = { address: source, capabilities, ...(hw && { hw }) };
  const answered = await ask(broker.bootPort, target, {
    ...(userAgent && { userAgent }),
    ...(byEdge ? {} : { from: source }),
    headers: {
      ...(byEdge && { 'X-Boot-Edge': vouch('GET', target, statement) }),
      ...(forwarded_for && { 'X-Forwarded-For': forwarded_for }),
    },
  });
  return doneBy(answered, await loggedOf(broker, String(answered.headers['x-request-id'])));
}

function doneBy({ status, headers, text }: Answered, { plan, reason }: Logged): Done {
  const type = headers['content-type'] ?? '';
  if (status >= 400) {
    const { type: problem, detail } = JSON.parse(text);
    return { status, plan: 'refuse', reason: detail, problem: String(problem).replace(/^.*:/, '') };
  }
  if (status === 302) return { status, plan: 'redirect', reason };
  if (headers['x-accel-redirect']) return { status, plan: 'handoff', reason };
  // Both are scripts: the log alone has which it is.
  if (type.startsWith('text/plain'))
    return { status, plan: plan === 'disk' ? plan : 'text', reason, script: ofAnyBoot(text) };
  return { status, plan: 'stream', reason };
}

interface Logged {
  readonly plan: string;
  readonly reason: string;
}

/** What the log alone has; its line comes when the answer has gone. */
async function loggedOf({ log }: Broker, id: string): Promise<Logged> {
  const line = () => log.findLast(({ message, request_id }) => message === 'request' && request_id === id);
  await until(line);
  return { plan: String(line()?.plan), reason: String(line()?.reason) };
}
