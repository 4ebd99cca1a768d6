import test from 'ava';
import fc from 'fast-check';
import { differences } from '../../src/boot/diff.ts';
import { resolvedAsset, revision } from './examples.ts';

const kernel = resolvedAsset('kernel');
const initrd = resolvedAsset('initrd');
const before = revision({
  kernel,
  initrds: [initrd],
  cmdline: 'console=ttyS0 quiet',
  metadata: { users: [{ name: 'a' }], site: 'home', same: { deep: [1] } },
});

test('two revisions differ by fields, assets, words and paths of metadata', (t) => {
  const after = revision({
    id: 'other',
    kernel: { ...kernel, version: '13', sha256: '1'.repeat(64) },
    initrds: [initrd, { ...initrd, name: 'drivers' }],
    cmdline: 'console=ttyS1 quiet debug',
    metadata: { users: [{ name: 'b' }, { name: 'c' }], same: { deep: [1] } },
    created_at: '2026-03-01T00:00:00.000Z',
  });
  t.deepEqual(
    differences(before, after).map(({ text }) => text),
    [
      `kernel: debian@12 x86_64, 1000 bytes, sha256 ${'0'.repeat(64)} becomes debian@13 x86_64, 1000 bytes, sha256 ${'1'.repeat(64)}`,
      `initrds.1: new, drivers@12 x86_64, 1000 bytes, sha256 ${'0'.repeat(64)}`,
      'cmdline: without console=ttyS0, with console=ttyS1 debug',
      'metadata.users.0.name: a becomes b',
      'metadata.users.1: new, {"name":"c"}',
      'metadata.site: gone, was home',
    ],
  );
  t.like(differences(before, after).at(-1), { path: 'metadata.site', before: 'home' });
});

test('what starts may change its kind, and words their order', (t) => {
  const efi = revision({
    efi: resolvedAsset('efi'),
    cmdline: 'quiet console=ttyS0',
    name: 'x',
    arch: 'arm64',
  });
  t.deepEqual(
    differences(before, efi).map(({ path }) => path),
    [
      'name',
      'arch',
      'kernel',
      'efi',
      'initrds.0',
      'cmdline',
      'metadata.users',
      'metadata.site',
      'metadata.same',
    ],
  );
  t.regex(differences(before, efi).find(({ path }) => path === 'cmdline')?.text ?? '', /another order/);
});

test('a revision does not differ from itself, and what comes one way goes the other', (t) => {
  const some = fc.record({
    cmdline: fc.array(fc.constantFrom('a', 'b', 'c=1')).map((words) => words.join(' ')),
    metadata: fc.dictionary(fc.string(), fc.jsonValue()) as fc.Arbitrary<Record<string, unknown>>,
  });
  fc.assert(
    fc.property(some, some, (a, b) => {
      t.deepEqual(differences(revision(a), revision(structuredClone(a))), []);
      const there = differences(revision(a), revision(b));
      const back = differences(revision(b), revision(a));
      t.deepEqual(there.map(({ path }) => path).sort(), back.map(({ path }) => path).sort());
      t.is(there.length === 0, JSON.stringify(sorted(a)) === JSON.stringify(sorted(b)));
    }),
  );
});

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : value;
  if (Array.isArray(value)) return value.map(sorted);
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, one]) => [key, sorted(one)] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}
