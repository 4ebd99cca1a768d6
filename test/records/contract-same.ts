import type { TestFn } from 'ava';
import fc from 'fast-check';
import type { AuditEntry } from '../../src/boot/access/audit.ts';
import { chainStart, follows } from '../../src/boot/access/audit.ts';
import type { ApiToken } from '../../src/boot/access/token.ts';
import type { Asset } from '../../src/boot/asset/asset.ts';
import type { BootEntry } from '../../src/boot/history/boot-entry.ts';
import type { Machine } from '../../src/boot/machine/machine.ts';
import type { PendingMachine } from '../../src/boot/machine/pending-machine.ts';
import type { ProfileRevision } from '../../src/boot/profile.ts';
import type { Rule } from '../../src/boot/rule/rule.ts';
import type { Selector } from '../../src/boot/rule/selector.ts';
import type { Records } from '../../src/records/records.ts';
import {
  asset,
  at,
  auditEntry,
  begunBy,
  bootEntry,
  machine,
  newId,
  pending,
  revision,
  rule,
  token,
  uploadOf,
} from './examples.ts';
import type { OpenRecords } from './open-records.ts';
import { wholeExamples } from './whole-examples.ts';
import { createAsset } from './writing.ts';

interface Documents {
  readonly machine: Machine;
  readonly profile: ProfileRevision;
  readonly rule: Rule;
  readonly token: ApiToken;
  readonly asset: Asset;
  readonly boot: BootEntry;
  readonly entry: AuditEntry;
  readonly pending: PendingMachine;
}

/** As the API takes text: whole Unicode. Names that stores have a meaning of their own for are likely. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom(
    '',
    '__x__',
    '__name__',
    '.',
    'a.b',
    '`',
    'body',
    'added_at',
    'expire_at',
    'labels_texts',
    at(1),
  ),
);
const anyKey = anyText.filter((key) => key !== '__proto__');
/** RFC 3339 in some of its forms; the first is the one that the broker itself writes. */
const anyTime = fc
  .tuple(
    fc.date({ noInvalidDate: true, min: new Date('0000-01-01'), max: new Date('9999-12-31') }),
    fc.nat(5),
  )
  .map(([date, form]) => {
    const text = date.toISOString();
    const forms = [
      text,
      text,
      text.replace(/\.\d+/, ''),
      text.replace('Z', '+00:00'),
      text.replace('Z', '001Z'),
      text.toLowerCase(),
    ];
    return forms[form] ?? text;
  });
const anyJson: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    anyText,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.maxSafeInteger(),
    fc.constantFrom(null, true, false),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(anyKey, tie('value'), { maxKeys: 4 }),
  ),
})).value;
/** What JSON makes of it, such as 0 of -0: no client can send more. */
const sent = <T>(value: T): T => JSON.parse(JSON.stringify(value));

const anyDocuments = fc
  .record({
    text: anyText,
    times: fc.array(anyTime, { minLength: 3, maxLength: 3 }),
    labels: fc.dictionary(anyKey, anyText, { maxKeys: 4 }),
    object: fc.dictionary(anyKey, anyJson, { maxKeys: 4 }),
    number: fc.maxSafeInteger(),
    depth: fc.nat(12),
  })

  .map(({ text, times: [made = '', moved = '', other = ''], labels, object, number, depth }): Documents => {
    const pointer = { history: [{ revision: text, at: moved }], created_at: made, updated_at: other };
    let selector: Selector = { label: labels };
    for (let n = 0; n < depth; n += 1)
      selector = n % 2 ? { not: selector } : { all: [selector, { arch: 'arm64' }] };
    const known = {
      machine: machine({
        ...pointer,
        name: text,
        labels,
        hardware: { memory: number, cpus: [{ model: text }] },
        client: { [text || 'any']: {} },
      }),
      profile: revision({ created_at: made, cmdline: text, metadata: object }),
      rule: rule({
        ...pointer,
        selector,
        rollout: { revision: text, percent: 1, started_at: moved, reason: text },
      }),
      token: token({ name: text, created_at: made, expires_at: other }),
      asset: asset({
        version: newId(),
        size: number,
        failure: text,
        created_at: made,
        updated_at: moved,
        last_modified: other,
      }),
      boot: bootEntry({ machine_id: newId(), detail: text, stage: text }),
      entry: auditEntry({ at: made, reason: text, before: object, after: Object.values(object) }),
      pending: pending({ id: newId(), serial: text, last_seen: other }),
    };
    return sent(known);
  });

/** Writes all of them, and reads each by every way that leads to it alone. */
async function returned(records: Records, { entry, ...given }: Documents) {
  const { machine, profile, rule, token, asset, boot, pending } = given;
  const written = await records.write(
    [
      { kind: 'machine', id: machine.id, expected: 0, to: machine },
      { kind: 'profile', to: profile },
      { kind: 'rule', id: rule.id, expected: 0, to: rule },
      { kind: 'token', id: token.id, expected: 0, to: token },
    ],
    [entry],
  );
  if (written !== 'written') throw new Error(JSON.stringify(written));
  const upload = uploadOf(asset);
  await createAsset(records, asset, upload);
  await records.addBootEntry(boot);
  await records.updatePending([pending]);
  const [remembered] = (await records.listAudit({ limit: 1 }, 'newest')).items;
  const { history: _, ...inForce } = rule;
  return {
    given: { ...given, boot: begunBy(boot), upload, entry: { ...remembered, ...entry }, inForce },
    found: {
      machine: await records.machine(machine.id),
      profile: await records.profile(profile.id),
      rule: await records.rule(rule.id),
      token: await records.token(token.id),
      asset: await records.namedAsset(asset),
      boot: (await records.listBoots(boot.machine_id, { limit: 1 })).items[0],
      pending: await records.pending(pending.id),
      upload: await records.upload(asset.upload_id),
      entry: remembered,
      inForce: (await records.rulebook()).find(({ id }) => id === rule.id),
    },
    remembered,
  };
}

export function sameContract(test: TestFn, open: OpenRecords): void {
  test('a document that says all that one can say comes back the same', async (t) => {
    const { given, found, remembered } = await returned(await open(t), wholeExamples());
    t.deepEqual(found, given);
    t.true(remembered && follows(remembered, chainStart));
  });

  test('whatever is stored comes back the same: any text, key, number and time', async (t) => {
    const records = await open(t);
    await fc.assert(
      fc.asyncProperty(anyDocuments, async (documents) => {
        const { given, found } = await returned(records, documents);
        t.deepEqual(found, given);
        const change = { ...documents.machine, version: 2, labels: {}, name: 'changed' };
        const { hardware: _, ...changed } = change;
        const { id } = changed;
        t.is(await records.write([{ kind: 'machine', id, expected: 1, to: changed }]), 'written');
        t.deepEqual(await records.machine(id), changed);
      }),
      { numRuns: 40, endOnFailure: true },
    );
  });
}
