import test from 'ava';
import { auditor } from '../../src/boot/access/audit-entry.ts';

const at = '2026-01-01T00:00:00.000Z';
const by = { kind: 'token', id: 't', role: 'operator', address: '10.0.0.1', at } as const;
const audit = auditor(by, () => 'an id');
const target = { kind: 'profile', id: 'p' };

test('an audit entry says who, when, from where and what, and of a change only what differs', (t) => {
  const { id, ...entry } = audit(
    'profile.change',
    target,
    { a: 1, b: [1], gone: 1 },
    { a: 2, b: [1], new: 1 },
  );
  t.is(id, 'an id');
  t.deepEqual(entry, {
    at,
    actor: { kind: 'token', id: 't', role: 'operator' },
    from: '10.0.0.1',
    action: 'profile.change',
    target,
    outcome: 'done',
    before: { a: 1, gone: 1 },
    after: { a: 2, new: 1 },
  });
  t.false('before' in audit('x', target, undefined, { a: 1 }));
  t.false('after' in audit('x', target, { a: 1 }, undefined));
});

test('the order in which a store gives names back is no difference', (t) => {
  const entry = audit('x', target, { labels: { a: '1', b: '2' } }, { labels: { b: '2', a: '1' }, name: 'n' });
  t.deepEqual([entry.before, entry.after], [{}, { name: 'n' }]);
});

test('what is too long for the log is there by its size and hash', (t) => {
  const { after, before } = audit(
    'x',
    target,
    { text: 'short' },
    { text: 'x'.repeat(100_000), password: 'hunter2' },
  );
  t.deepEqual(before, { text: 'short' });
  t.like(after, { omitted_characters: 100_028 });
  t.regex((after as { sha256: string }).sha256, /^[0-9a-f]{64}$/);
});
