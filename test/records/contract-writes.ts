import type { TestFn } from 'ava';
import { type AuditEvent, type AuditHead, chainStart, follows } from '../../src/boot/access/audit.ts';
import { activated } from '../../src/boot/activation.ts';
import type { Machine } from '../../src/boot/machine/machine.ts';
import { inForce, type Rule } from '../../src/boot/rule/rule.ts';
import type { Change, Records } from '../../src/records/records.ts';
import { asset, at, auditEntry, machine, macOf, newId, revision, rule, token } from './examples.ts';
import type { OpenRecords } from './open-records.ts';
import { changeAsset, createAsset } from './writing.ts';

const put = (to: Machine, expected = to.version - 1): Change => ({
  kind: 'machine',
  id: to.id,
  expected,
  to,
});
const putRule = (to: Rule, expected = to.version - 1): Change => ({ kind: 'rule', id: to.id, expected, to });
const next = <T extends { readonly version: number }>(document: T, is: Partial<T> = {}): T => ({
  ...document,
  ...is,
  version: document.version + 1,
});

async function wholeAudit(records: Records): Promise<readonly AuditEvent[]> {
  const { items, next: cursor } = await records.listAudit({ limit: 1000 });
  return cursor ? [...items, ...(await records.listAudit({ limit: 1000, cursor })).items] : items;
}

/** What every driver's `write` keeps. */
export function writeContract(test: TestFn, open: OpenRecords): void {
  test('a machine changes from version to version, and goes', async (t) => {
    const records = await open(t);
    const first = machine({ macs: [macOf(1), macOf(2)], serial: 'A' });
    const second = next(first, { macs: [macOf(2), macOf(3)], serial: 'B' });
    t.is(await records.write([put(first)]), 'written');
    t.is(await records.write([put(second)]), 'written');
    t.deepEqual(await records.machine(first.id), second);
    t.is(await records.findMachine({ mac: macOf(1), serial: 'A' }), undefined);
    for (const mac of [macOf(2), macOf(3)]) t.deepEqual(await records.findMachine({ mac }), second);
    t.is(await records.write([put(machine({ macs: [macOf(1)] }))]), 'written');
    t.is(await records.write([{ kind: 'machine', id: first.id, expected: 2, to: undefined }]), 'written');
    t.is(await records.machine(first.id), undefined);
    t.is(await records.findMachine({ mac: macOf(2) }), undefined);
    t.is(await records.write([put(machine({ macs: [macOf(2), macOf(3)] }))]), 'written');
  });

  test('what is not at the expected version is not changed, and its version is told', async (t) => {
    const records = await open(t);
    const [known, lost] = [machine({ macs: [macOf(1)] }), machine()];
    const [law, pass] = [rule(), token()];
    await records.write([put(known), putRule(law), { kind: 'token', id: pass.id, expected: 0, to: pass }]);
    const changed = (what: string, id: string, version?: number) => ({
      kind: 'changed',
      what,
      id,
      ...(version && { version }),
    });
    t.deepEqual(await records.write([put(known, 0)]), changed('machine', known.id, 1));
    t.deepEqual(await records.write([put(next(known), 2)]), changed('machine', known.id, 1));
    t.deepEqual(await records.write([put(lost, 1)]), changed('machine', lost.id));
    t.deepEqual(
      await records.write([{ kind: 'machine', id: lost.id, expected: 1, to: undefined }]),
      changed('machine', lost.id),
    );
    t.deepEqual(await records.write([putRule(law, 0)]), changed('rule', law.id, 1));
    t.deepEqual(
      await records.write([{ kind: 'token', id: pass.id, expected: 0, to: pass }]),
      changed('token', pass.id, 1),
    );
    t.deepEqual(await records.machine(known.id), known);
  });

  test('of writers that expect one version, one goes through', async (t) => {
    const records = await open(t);
    const known = machine({ macs: [macOf(1)] });
    await records.write([put(known)]);
    const rivals = Array.from({ length: 10 }, (_, n) => next(known, { name: `n${n}` }));
    const results = await Promise.all(rivals.map((rival) => records.write([put(rival)], [auditEntry()])));
    t.is(results.filter((result) => result === 'written').length, 1);
    t.deepEqual(await records.machine(known.id), rivals[results.indexOf('written')]);
    t.is((await wholeAudit(records)).length, 1);
  });

  test('one conflict, and nothing of all the changes happens', async (t) => {
    const records = await open(t);
    const [known, other] = [machine({ macs: [macOf(1)] }), machine({ macs: [macOf(2)] })];
    await records.write([put(known), put(other)]);
    const [made, law, pass, added] = [revision(), rule(), token(), machine({ macs: [macOf(3)] })];
    const conflict = await records.write(
      [
        { kind: 'profile', to: made },
        putRule(law),
        { kind: 'token', id: pass.id, expected: 0, to: pass },
        put(added),
        put(activated(known, made.id, at(1))),
        put(next(other, { macs: [macOf(1)] })),
      ],
      [auditEntry()],
    );
    t.deepEqual(conflict, { kind: 'taken', what: 'mac', key: macOf(1), holder: known.id });
    t.is(await records.profile(made.id), undefined);
    t.is(await records.rule(law.id), undefined);
    t.is(await records.token(pass.id), undefined);
    t.is(await records.findMachine({ mac: macOf(3) }), undefined);
    t.deepEqual(await records.machine(known.id), known);
    t.deepEqual(await records.rulebook(), []);
    t.deepEqual(await wholeAudit(records), []);
  });

  test('machines may exchange their MACs in one call, and no two may take the same', async (t) => {
    const records = await open(t);
    const [a, b] = [machine({ macs: [macOf(1), macOf(3)] }), machine({ macs: [macOf(2)] })];
    await records.write([put(a), put(b)]);
    const [a2, b2] = [next(a, { macs: [macOf(2)] }), next(b, { macs: [macOf(1)] })];
    t.is(await records.write([put(a2), put(b2)]), 'written');
    t.deepEqual(await records.findMachine({ mac: macOf(2) }), a2);
    t.deepEqual(await records.findMachine({ mac: macOf(1) }), b2);
    t.is(await records.findMachine({ mac: macOf(3) }), undefined);
    const greedy = [put(machine({ macs: [macOf(3)] })), put(machine({ macs: [macOf(3)] }))];
    const conflict = await records.write(greedy);
    t.like(conflict, { kind: 'taken', what: 'mac', key: macOf(3) });
    t.is(await records.findMachine({ mac: macOf(3) }), undefined);
  });

  test('rules are one book, the highest priority first, and no two share a name or a priority', async (t) => {
    const records = await open(t);
    const [low, high] = [rule({ priority: -5 }), rule({ priority: 7 })];
    t.is(await records.write([putRule(low), putRule(high)]), 'written');
    t.deepEqual(await records.rulebook(), [inForce(high), inForce(low)]);
    t.deepEqual(await records.rule(low.id), low);
    t.deepEqual((await records.listRules({ limit: 10 })).items, [low, high]);
    t.deepEqual(await records.write([putRule(rule({ name: low.name }))]), {
      kind: 'taken',
      what: 'rule-name',
      key: low.name,
      holder: low.id,
    });
    t.like(await records.write([putRule(rule({ priority: 7 }))]), {
      kind: 'taken',
      what: 'rule-priority',
      key: '7',
    });
    const swapped = [
      next(low, { priority: 7, name: high.name }),
      next(high, { priority: -5, name: low.name }),
    ] as const;
    t.is(await records.write(swapped.map((each) => putRule(each))), 'written');
    t.deepEqual(await records.rulebook(), swapped.map(inForce));
    t.is(await records.write([{ kind: 'rule', id: low.id, expected: 2, to: undefined }]), 'written');
    t.deepEqual(await records.rulebook(), [inForce(swapped[1])]);
    t.is(await records.rule(low.id), undefined);
  });

  test('of rules written at once with one priority, one is', async (t) => {
    const records = await open(t);
    const rivals = Array.from({ length: 8 }, () => rule({ priority: 1 }));
    const results = await Promise.all(rivals.map((rival) => records.write([putRule(rival)])));
    const winner = rivals[results.indexOf('written')];
    t.is(results.filter((result) => result === 'written').length, 1);
    t.deepEqual(await records.rulebook(), winner ? [inForce(winner)] : []);
  });

  test('an asset changes, is insisted on, and goes, as it is expected', async (t) => {
    const records = await open(t);
    const announced = asset();
    await createAsset(records, announced);
    const expected = { state: 'created', upload_id: announced.upload_id } as const;
    const ready = { ...announced, state: 'ready', ready_at: at(1) } as const;
    const made = revision();
    t.is(await records.write([{ kind: 'asset', of: announced, expected, to: ready }]), 'written');
    const stale = { kind: 'changed', what: 'asset', id: announced.id };
    t.deepEqual(
      await records.write([
        { kind: 'profile', to: made },
        { kind: 'asset', of: announced, expected, to: announced },
      ]),
      stale,
    );
    t.is(await records.profile(made.id), undefined);
    const now = { ...expected, state: 'ready' } as const;
    t.is(
      await records.write([
        { kind: 'profile', to: made },
        { kind: 'asset', of: ready, expected: now, to: ready },
      ]),
      'written',
    );
    t.deepEqual(await records.asset(announced.id), ready);
    t.is(await records.write([{ kind: 'asset', of: ready, expected: now, to: undefined }]), 'written');
    t.is(await records.asset(announced.id), undefined);
    t.is(await records.namedAsset(announced), undefined);
    t.is(await records.upload(announced.upload_id), undefined);
    t.deepEqual(await records.write([{ kind: 'asset', of: ready, expected: now, to: undefined }]), stale);
  });

  test('a token comes back as it was given, and its next version too', async (t) => {
    const records = await open(t);
    const first = token({ expires_at: at(9) });
    const second = next(first, { revoked_at: at(1) });
    for (const to of [first, second])
      t.is(await records.write([{ kind: 'token', id: to.id, expected: to.version - 1, to }]), 'written');
    t.deepEqual(await records.token(first.id), second);
    t.deepEqual(await records.listTokens({ limit: 10 }), { items: [second] });
  });

  test('the audit is one chain, whoever writes at once, and every change is in it once', async (t) => {
    const records = await open(t);
    const announced = asset();
    const entries = Array.from({ length: 12 }, (_, n) =>
      auditEntry({ after: { '10': n, b: ['ü', null, -0], a: { deep: true } }, reason: `${n}` }),
    );
    const ready = { ...announced, state: 'ready' } as const;
    const expected = { state: 'created', upload_id: announced.upload_id } as const;
    await createAsset(records, announced, undefined, entries.slice(0, 1));
    t.is(await changeAsset(records, ready, expected, undefined, entries.slice(1, 2)), 'written');
    t.like(await changeAsset(records, ready, expected, undefined, [auditEntry()]), { kind: 'changed' });
    t.like(await createAsset(records, asset(), undefined, [auditEntry()]), { kind: 'changed' });
    await Promise.all(
      entries.slice(2).map((entry) => records.write([put(machine({ id: newId() }))], [entry])),
    );
    const events = await wholeAudit(records);
    let head: AuditHead = chainStart;
    for (const event of events) {
      t.true(follows(event, head), `${event.seq}`);
      head = event;
    }
    t.deepEqual(
      events.map(({ seq }) => seq),
      entries.map((_, n) => n + 1),
    );
    t.deepEqual(events.map(({ id }) => id).toSorted(), entries.map(({ id }) => id).toSorted());
    const [event] = events;
    t.false(event && follows({ ...event, reason: 'other' }, chainStart));
    t.false(event && follows({ ...event, after: { ...(event.after as object), b: [] } }, chainStart));
  });

  test('an entry of its own is remembered: a refusal changes nothing else', async (t) => {
    const records = await open(t);
    const refused = auditEntry({ outcome: 'refused', actor: { kind: 'anonymous', id: '' } });
    t.is(await records.write([], [refused]), 'written');
    t.like((await wholeAudit(records))[0], refused);
    t.is(await records.write([]), 'written');
  });

  test('the audit is listed from its end as well, while more is written', async (t) => {
    const records = await open(t);
    const entries = Array.from({ length: 5 }, () => auditEntry());
    await records.write([], entries.slice(0, 3));
    for (const entry of entries.slice(3)) await records.write([], [entry]);
    const first = await records.listAudit({ limit: 2 }, 'newest');
    await records.write([], [auditEntry()]);
    const second = await records.listAudit({ limit: 10, cursor: first.next ?? '' }, 'newest');
    t.deepEqual(
      [...first.items, ...second.items].map(({ seq }) => seq),
      [5, 4, 3, 2, 1],
    );
    t.is(second.next, undefined);
    t.is((await records.listAudit({ limit: 1 }, 'newest')).items[0]?.seq, 6);
  });
}
