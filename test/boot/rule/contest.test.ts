import test from 'ava';
import fc from 'fast-check';
import { assignmentOf, possibleRevisions } from '../../../src/boot/rule/assignment.ts';
import { contest, isOpen } from '../../../src/boot/rule/contest.ts';
import { machine, rule } from '../examples.ts';

const subject = { macs: [], labels: { rack: 'r1' } };

test('the rule of highest priority that matches wins, and every other says why it lost', (t) => {
  const rules = [
    rule({ name: 'default', priority: 1 }),
    rule({ name: 'rack', priority: 20, selector: { label: { rack: 'r1' } } }),
    rule({ name: 'other-rack', priority: 30, selector: { label: { rack: 'r2' } } }),
    rule({ name: 'site', priority: 40, selector: { network: '10.0.0.0/8' } }),
    (({ active: _, ...none }) => none)(rule({ name: 'nothing-yet', priority: 50, profile: 'new' })),
  ];
  const { winner, considered } = contest(rules, subject);
  t.is(winner?.name, 'rack');
  t.deepEqual(
    considered.map(({ rule: { name }, outcome, reason }) => [name, outcome, reason]),
    [
      ['nothing-yet', 'lost', 'there is no revision of profile new yet'],
      ['site', 'undecided', 'nobody says from where it asks: network 10.0.0.0/8'],
      ['other-rack', 'does not match', 'label rack is r1, not r2'],
      ['rack', 'won', 'label rack is r1'],
      ['default', 'lost', 'rule rack has the higher priority: 20, not 1'],
    ],
  );
  t.is(contest(rules, { ...subject, source: '10.0.0.1' }).winner?.name, 'site');
  t.is(contest([], subject).winner, undefined);
});

test('a rule over what only the machine says decides when it asks, and is open before', (t) => {
  const rules = [
    rule({ name: 'rest', priority: 1, active: 'a' }),
    rule({ name: 'dell', priority: 20, active: 'b', selector: { manufacturer: 'dell' } }),
    rule({ name: 'big', priority: 10, active: 'c', selector: { hardware: { memory_at_least: 1024 } } }),
  ];
  const big = machine({ hardware: { memory: 2048 } });
  t.is(assignmentOf(big, rules, { make: { manufacturer: 'Dell Inc.' } }).revision, 'b');
  t.is(assignmentOf(big, rules, { make: { manufacturer: 'HPE' } }).revision, 'c');
  t.is(assignmentOf(big, rules, {}).revision, 'c');
  t.is(assignmentOf(machine(), rules, {}).revision, 'a');
  t.deepEqual(possibleRevisions(big, rules), ['b', 'c']);
  t.true(isOpen(rules, subject));
  t.false(isOpen(rules, { ...subject, manufacturer: 'HPE' }));
});

test('the winner does not depend on the order in which rules are told', (t) => {
  const rules = fc.uniqueArray(
    fc.record({
      priority: fc.integer({ min: 0, max: 50 }),
      rack: fc.constantFrom('r1', 'r2'),
      has: fc.boolean(),
    }),
    { selector: ({ priority }) => priority },
  );
  fc.assert(
    fc.property(
      rules.chain((made) =>
        fc.tuple(fc.constant(made), fc.shuffledSubarray(made, { minLength: made.length })),
      ),
      ([one, other]) => {
        const toRules = (made: typeof one) =>
          made.map(({ priority, rack, has }) => {
            const { active, ...rest } = rule({
              name: `p${priority}`,
              priority,
              selector: { label: { rack } },
            });
            return has && active ? { ...rest, active } : rest;
          });
        const { winner, considered } = contest(toRules(one), subject);
        t.deepEqual(contest(toRules(other), subject).considered, considered);
        const best = Math.max(
          -1,
          ...one.filter(({ rack, has }) => rack === 'r1' && has).map(({ priority }) => priority),
        );
        t.is(winner?.priority ?? -1, best);
        t.is(considered.length, one.length);
        t.is(considered.filter(({ outcome }) => outcome === 'won').length, winner ? 1 : 0);
      },
    ),
  );
});

test("a machine's own pointer wins over every rule; without either it has nothing", (t) => {
  const rules = [rule({ priority: 1000 })];
  t.like(assignmentOf(machine({ active: 'own' }), rules, {}), { by: 'machine', revision: 'own' });
  t.like(assignmentOf(machine(), rules, {}), { by: 'rule', revision: 'rev-1' });
  t.like(assignmentOf(machine(), [], {}), { by: 'nothing' });
});

test('what a machine may be given covers whatever it may be given', (t) => {
  const rules = [
    rule({ name: 'site', priority: 9, active: 'a', selector: { network: '10.0.0.0/8' } }),
    rule({
      name: 'arm',
      priority: 8,
      active: 'b',
      rollout: { revision: 'c', percent: 50, started_at: '2026-01-01T00:00:00.000Z' },
      selector: { arch: 'arm64' },
    }),
    rule({ name: 'all', priority: 7, active: 'd' }),
    rule({ name: 'never', priority: 6, active: 'e' }),
  ];
  t.deepEqual(possibleRevisions(machine(), rules), ['a', 'b', 'c', 'd']);
  t.deepEqual(possibleRevisions(machine({ active: 'own' }), rules), ['own']);
  fc.assert(
    fc.property(
      fc.string(),
      fc.constantFrom('x86_64' as const, 'arm64' as const),
      fc.constantFrom('10.0.0.1', '192.168.0.1'),
      fc.constantFrom({}, { arch: 'arm64' }),
      (id, arch, source, labels) => {
        const one = machine({ id, labels: labels as Record<string, string> });
        const { revision = '' } = assignmentOf(one, rules, { arch, source });
        t.true(possibleRevisions(one, rules).includes(revision));
      },
    ),
  );
});
