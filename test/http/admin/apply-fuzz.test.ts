import test from 'ava';
import fc from 'fast-check';
import { brokerFor, push } from '../../support/broker.ts';

const odd = fc.oneof(
  fc.constantFrom(
    null,
    true,
    -1,
    1e300,
    '',
    'debian',
    'debian@1',
    '__proto__',
    '../x',
    '\u001b[2J',
    '{{',
    'a'.repeat(300),
  ),
  fc.jsonValue({ maxDepth: 3 }),
);
const often = <Value>(value: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 60, arbitrary: value as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: odd });
const name = often(fc.constantFrom('a', 'b', 'debian'));
const reference = often(fc.constantFrom('debian@1', 'other@2'));
const profile = often(
  fc.record(
    {
      name,
      kernel: reference,
      initrds: often(fc.array(reference, { maxLength: 2 })),
      efi: reference,
      arch: often(fc.constantFrom('x86_64', 'arm64')),
      cmdline: often(fc.constantFrom('', 'quiet', '{{ machine.mac }}', '{{ machine.nothing }}')),
      metadata: often(fc.constant({})),
    },
    { requiredKeys: ['name', 'kernel'] },
  ),
);
const choice = fc.oneof(name, profile);
const mac = often(fc.integer({ min: 0, max: 3 }).map((n) => `52:54:00:00:00:0${n}`));
const selector = often(
  fc.constantFrom({ all: [] }, { mac: '52:54:00:00:00:01' }, { not: { any: [] } }, { label: { a: true } }),
);
const state = often(
  fc.record(
    {
      assets: often(
        fc.array(
          often(
            fc.record(
              {
                kind: often(fc.constant('kernel')),
                name,
                version: often(fc.constantFrom('1', '2')),
                size: often(fc.constant(6)),
              },
              { requiredKeys: ['kind', 'name', 'version'] },
            ),
          ),
          { maxLength: 2 },
        ),
      ),
      profiles: often(fc.array(profile, { maxLength: 3 })),
      machines: often(
        fc.array(
          often(
            fc.record(
              {
                macs: often(fc.array(mac, { maxLength: 2 })),
                name,
                serial: often(fc.constantFrom('S1', 'S2')),
                labels: often(fc.constantFrom({}, { arch: 'arm64' })),
                networks: often(fc.constant([])),
                profile: choice,
                client: often(fc.constant({})),
              },
              { requiredKeys: ['macs'] },
            ),
          ),
          { maxLength: 3 },
        ),
      ),
      rules: often(
        fc.array(
          often(
            fc.record(
              {
                name,
                selector,
                profile: choice,
                priority: often(fc.integer({ min: 1, max: 3 })),
                percent: often(fc.constantFrom(1, 50, 100)),
              },
              { requiredKeys: ['name', 'selector', 'profile', 'priority'] },
            ),
          ),
          { maxLength: 3 },
        ),
      ),
    },
    { requiredKeys: [] },
  ),
);

test('whatever is sent to apply is done or refused, and what was done is done: a second time it changes nothing', async (t) => {
  const broker = await brokerFor(t);
  for (const kind of ['kernel', 'initrd'] as const)
    await push(broker, { kind, name: 'debian', bytes: Buffer.from(kind) });
  const seen = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(state, fc.constantFrom('', '?prune=1', '?dry_run=1'), async (desired, query) => {
      const got = await broker.admin(`/api/v1/apply${query}`, desired ?? null);
      seen.set(got.status, (seen.get(got.status) ?? 0) + 1);
      if (got.status >= 500) throw new Error(got.text);
      if (got.status === 200 && query !== '?dry_run=1') {
        const again = await broker.admin(`/api/v1/apply${query}`, desired ?? null);
        if (again.status !== 200 || again.json.changes.length > 0) throw new Error(again.text);
      }
    }),
    { numRuns: 300 },
  );
  t.log(Object.fromEntries(seen));
  for (const status of [200, 400, 422]) t.true(seen.has(status), String(status));
});
