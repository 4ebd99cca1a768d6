import test, { type ExecutionContext } from 'ava';
import { addMachine, addProfile, type Broker, brokerFor, expectStatus, push } from '../../support/broker.ts';
import { agents } from '../site.ts';

const macs = { big: '52:54:00:00:00:01', small: '52:54:00:00:00:02', bare: '52:54:00:00:00:03' };

/** Three machines, a profile for all, and one that rules may give. */
async function scene(t: ExecutionContext): Promise<Broker> {
  const broker = await brokerFor(t);
  await push(broker, { kind: 'kernel', name: 'debian', bytes: Buffer.from('kernel') });
  await addMachine(broker, {
    macs: [macs.big],
    hardware: {
      manufacturer: 'Dell Inc.',
      cpus: [{ model: 'AMD EPYC 7302P', cores: 16 }],
      memory: 64 * 2 ** 30,
      drives: [{ model: 'SAMSUNG MZQL2' }],
      accelerators: [{ model: 'NVIDIA H100 PCIe' }],
      nics: [{ model: 'Intel E810-C' }],
    },
  });
  await addMachine(broker, {
    macs: [macs.small],
    hardware: { cpus: [{ model: 'Intel Xeon E5-2680' }], memory: 8 * 2 ** 30 },
  });
  await addMachine(broker, { macs: [macs.bare] });
  for (const name of ['usual', 'special'])
    await addProfile(broker, { name, kernel: 'debian@1', cmdline: name });
  await broker.admin('/api/v1/rules', {
    name: 'usual',
    selector: { all: [] },
    profile: 'usual',
    priority: 1,
  });
  return broker;
}

const special = (selector: unknown) => ({ name: 'special', selector, profile: 'special', priority: 2 });

async function rule(broker: Broker, selector: unknown) {
  return expectStatus(await broker.admin('/api/v1/rules', special(selector)), 201).json;
}

async function boots(broker: Broker, mac: string, query = ''): Promise<string> {
  const { text } = expectStatus(
    await broker.boot(`/boot.ipxe?mac=${mac}${query}`, { userAgent: agents.ipxe }),
    200,
  );
  return / (usual|special) /.exec(text)?.[1] ?? text;
}

test('rules select machines by the hardware that is registered, and explain names what decided', async (t) => {
  for (const [hardware, because] of [
    [{ memory_at_least: '64GiB' }, 'memory is 64 GiB, at least 64 GiB'],
    [{ memory_at_least: 9 * 2 ** 30 }, 'memory is 64 GiB, at least 9 GiB'],
    [{ cpu: 'epyc' }, 'cpu AMD EPYC 7302P is like epyc'],
    [{ drive: 'Samsung*' }, 'drive SAMSUNG MZQL2 is like Samsung*'],
    [{ accelerator: '*h100*' }, 'accelerator NVIDIA H100 PCIe is like *h100*'],
    [{ nic: 'e810', cpu: 'EPYC' }, 'cpu AMD EPYC 7302P is like EPYC and nic Intel E810-C is like e810'],
  ] as const) {
    const broker = await scene(t);
    await rule(broker, { hardware });
    t.deepEqual(
      await Promise.all([macs.big, macs.small, macs.bare].map((mac) => boots(broker, mac))),
      ['special', 'usual', 'usual'],
      JSON.stringify(hardware),
    );
    const { json } = await broker.admin(`/api/v1/explain?mac=${macs.big}&user_agent=iPXE/2.0`);
    t.is(json.rules[0].reason, because);
  }
});

test('a size is kept in bytes, however it was written, and what is no selector is refused where it stands', async (t) => {
  const broker = await scene(t);
  const { id, selector } = await rule(broker, { hardware: { memory_at_least: '64 GiB' } });
  t.deepEqual(selector, { hardware: { memory_at_least: 64 * 2 ** 30 } });
  t.deepEqual((await broker.admin(`/api/v1/rules/${id}`)).json.selector, selector);
  for (const [wrong, pointer] of [
    [{ hardware: {} }, '#/selector/hardware'],
    [{ hardware: { memory_at_least: 'much' } }, '#/selector/hardware/memory_at_least'],
    [{ hardware: { memory_at_least: 0 } }, '#/selector/hardware/memory_at_least'],
    [{ hardware: { cpu: '' } }, '#/selector/hardware/cpu'],
    [{ hardware: { cpu: 'x', gpu: 'x' } }, '#/selector/hardware/gpu'],
    [{ manufacturer: 'x'.repeat(129) }, '#/selector/manufacturer'],
    [{ product: 1 }, '#/selector/product'],
  ] as const) {
    const { status, json } = await broker.admin('/api/v1/rules', {
      ...special(wrong),
      name: 'wrong',
      priority: 9,
    });
    t.is(status, 400);
    t.deepEqual(
      new Set(json.errors.map((one: { pointer: string }) => one.pointer)),
      new Set([pointer]),
      JSON.stringify(json),
    );
  }
});

test('rules select by what firmware says of its make; what is registered of it counts more', async (t) => {
  const broker = await scene(t);
  await rule(broker, { all: [{ manufacturer: 'dell' }, { product: '*R640' }] });
  const dell = `&manufacturer=${encodeURIComponent('Dell Inc.')}&product=PowerEdge%20R640`;
  t.is(await boots(broker, macs.bare, dell), 'special');
  t.is(await boots(broker, macs.bare), 'usual', 'it does not say');
  t.is(await boots(broker, macs.bare, '&manufacturer=HPE&product=PowerEdge%20R640'), 'usual');
  t.is(await boots(broker, macs.big, '&manufacturer=HPE&product=PowerEdge%20R640'), 'special');
  const { json } = await broker.admin(
    `/api/v1/explain?mac=${macs.bare}&manufacturer=Dell&product=R640&user_agent=iPXE/2.0`,
  );
  t.like(json.rules[0], {
    outcome: 'won',
    reason: 'manufacturer Dell is like dell and product R640 is like *R640',
  });
});

test('an ampersand that old iPXE does not escape cuts no name short', async (t) => {
  const broker = await scene(t);
  await rule(broker, { all: [{ manufacturer: 'B&R Industrial*' }, { product: 'APC&' }] });
  for (const manufacturer of ['B&R%20Industrial%20Automation', 'B%26R%20Industrial'])
    t.is(
      await boots(broker, macs.bare, `&manufacturer=${manufacturer}&product=APC&%20&arch=x86_64`),
      'special',
    );
  t.is(await boots(broker, macs.bare, '&debug&manufacturer=B'), 'usual', 'nothing else is taken for a part');
});

test('a placeholder, a text that is too long or cannot be shown is no claim, and keeps nobody from booting', async (t) => {
  const broker = await scene(t);
  await rule(broker, { manufacturer: '*' });
  t.is(await boots(broker, macs.bare, '&manufacturer=QEMU'), 'special');
  for (const text of ['To Be Filled By O.E.M.', 'M'.repeat(200), 'a\u0001b', '${manufacturer}', ''])
    t.is(await boots(broker, macs.bare, `&manufacturer=${encodeURIComponent(text)}`), 'usual', text);
  // A blank EEPROM is no UTF-8, and neither is Latin-1.
  for (const text of ['%FF%FF%FF', 'S%F6hne'])
    t.is(await boots(broker, macs.bare, `&manufacturer=${text}&product=${text}`), 'usual', text);
});

test('a dry run says of a rule over a claim that it is unknown until the machine asks', async (t) => {
  const broker = await scene(t);
  const dry = async (selector: unknown) => {
    const { json } = expectStatus(
      await broker.admin('/api/v1/rules?dry_run=1', special(selector), { method: 'POST' }),
      200,
    );
    return json.items.map((one: { machine: { macs: string[] }; after: { profile: string } }) => ({
      mac: one.machine.macs[0],
      after: one.after.profile,
      uncertain: 'uncertain' in one,
    }));
  };
  t.deepEqual(await dry({ manufacturer: 'dell' }), [
    { mac: macs.big, after: 'special', uncertain: false },
    { mac: macs.small, after: 'usual', uncertain: true },
    { mac: macs.bare, after: 'usual', uncertain: true },
  ]);
  t.deepEqual(await dry({ manufacturer: 'hpe' }), [
    { mac: macs.small, after: 'usual', uncertain: true },
    { mac: macs.bare, after: 'usual', uncertain: true },
  ]);
  t.deepEqual(await dry({ hardware: { cpu: 'xeon' } }), [
    { mac: macs.small, after: 'special', uncertain: false },
  ]);
});
