import { randomUUID } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { placeInRollout } from '../../src/boot/rule/rollout.ts';
import { googleCloud } from '../google/cloud.ts';
import { warmEmulator } from '../google/emulator.ts';
import { openSite } from '../google/site.ts';
import { agents } from '../http/site.ts';
import { addMachine, type Broker, brokerFor, push } from '../support/broker.ts';
import { ask } from '../support/http.ts';
import { command } from '../support/need.ts';
import { needing } from '../support/needs.ts';

// What the API comes to, told once more in the simplest words: whatever is asked of it, each machine boots what this says.

type Asked = Pick<Broker, 'admin' | 'boot'>;

interface ModelPointer {
  active?: string;
  /** What it came by, the newest last; who comes again to where he was takes back all that lies after it. */
  trail: string[];
}
interface ModelRule extends ModelPointer {
  id: string;
  rack: string | undefined;
  profile: string;
  priority: number;
  percent: number;
  rollout?: { revision: string; percent: number };
}
interface ModelMachine extends ModelPointer {
  id: string;
  mac: string;
  rack: string;
}
interface Model {
  machines: ModelMachine[];
  rules: ModelRule[];
  /** Ids by name, oldest first. */
  profiles: Map<string, string[]>;
  /** Its command line, by the id of a revision. */
  words: Map<string, string>;
}

const names = ['a', 'b'];
const racks = ['r1', 'r2'];
const n = fc.nat({ max: 9 });
const action = fc.oneof(
  fc.record({
    kind: fc.constant('profile' as const),
    name: fc.constantFrom(...names),
    n,
    own: fc.option(n, { freq: 3, nil: undefined }),
  }),
  fc.record({
    kind: fc.constant('rule' as const),
    rack: fc.constantFrom(undefined, ...racks),
    name: fc.constantFrom(...names),
    priority: fc.integer({ min: 1, max: 5 }),
    percent: fc.constantFrom(100, 50),
  }),
  fc.record({ kind: fc.constant('delete' as const), n }),
  fc.record({ kind: fc.constant('priority' as const), n, priority: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ kind: fc.constant('reassign' as const), n, name: fc.constantFrom(...names) }),
  fc.record({ kind: fc.constant('promote' as const), n, percent: fc.constantFrom(80, 100) }),
  fc.record({ kind: fc.constant('rollback' as const), n }),
  fc.record({ kind: fc.constant('machine-rollback' as const), n }),
  fc.record({ kind: fc.constant('release' as const), n }),
);
type Action = typeof action extends fc.Arbitrary<infer One> ? One : never;

const pick = <Item>(from: readonly Item[], at: number): Item | undefined =>
  from[at % Math.max(from.length, 1)];

function move(pointer: ModelPointer, to: string): void {
  const before = pointer.trail.indexOf(to);
  if (before >= 0) pointer.trail.length = before;
  pointer.trail.push(to);
  pointer.active = to;
}

function handOut(rule: ModelRule, revision: string | undefined): void {
  delete rule.rollout;
  if (revision === undefined) delete rule.active;
  else if (rule.active === undefined || rule.percent === 100) move(rule, revision);
  else if (rule.active !== revision) rule.rollout = { revision, percent: rule.percent };
}

function goBack(pointer: ModelPointer): boolean {
  if (pointer.active === undefined || pointer.trail.length < 2) return false;
  pointer.trail.pop();
  pointer.active = pointer.trail.at(-1) ?? pointer.active;
  return true;
}

function revisionOf(machine: ModelMachine, { rules }: Model): string | undefined {
  if (machine.active) return machine.active;
  const [rule] = rules
    .filter(({ rack, active }) => active && (rack === undefined || rack === machine.rack))
    .sort((one, other) => other.priority - one.priority);
  const { rollout } = rule ?? {};
  return rollout && placeInRollout(machine.id, rollout.revision) < rollout.percent
    ? rollout.revision
    : rule?.active;
}

const runs = Number(process.env.BROKER_TEST_MODEL_RUNS);
let made = 0;

/** Does one thing with the broker and with the model; the status that the model expects, and the one that came. */
async function act(one: Action, broker: Asked, model: Model): Promise<[expected: number, got: number]> {
  const call = (method: string, path: string, body?: object) =>
    broker.admin(`/api/v1/${path}`, body, { method });
  const rule = 'n' in one ? pick(model.rules, one.n) : undefined;
  const machine = 'n' in one ? pick(model.machines, one.n) : undefined;
  switch (one.kind) {
    case 'profile': {
      const own = one.own === undefined ? undefined : pick(model.machines, one.own);
      const cmdline = `word${made++}`;
      const body = { name: one.name, kernel: 'debian@1', cmdline, ...(own && { machine_id: own.id }) };
      const { status, json } = await call('POST', 'profiles', body);
      model.words.set(json.id, cmdline);
      model.profiles.set(one.name, [...(model.profiles.get(one.name) ?? []), json.id]);
      if (own) move(own, json.id);
      else
        for (const assigning of model.rules) if (assigning.profile === one.name) handOut(assigning, json.id);
      return [201, status];
    }
    case 'rule': {
      const { rack, name: profile, priority, percent } = one;
      const selector = rack === undefined ? { all: [] } : { label: { rack } };
      const body = { name: `rule${made++}`, selector, profile, priority, percent };
      const { status, json } = await call('POST', 'rules', body);
      if (model.rules.some((other) => other.priority === priority)) return [409, status];
      const added: ModelRule = { id: json.id, rack, profile, priority, percent, trail: [] };
      handOut(added, model.profiles.get(profile)?.at(-1));
      model.rules.push(added);
      return [201, status];
    }
    case 'delete': {
      if (!rule) return [0, 0];
      model.rules = model.rules.filter((other) => other !== rule);
      return [204, (await call('DELETE', `rules/${rule.id}`)).status];
    }
    case 'priority': {
      if (!rule) return [0, 0];
      const { status } = await call('PATCH', `rules/${rule.id}`, { priority: one.priority });
      if (model.rules.some((other) => other !== rule && other.priority === one.priority))
        return [409, status];
      rule.priority = one.priority;
      return [200, status];
    }
    case 'reassign': {
      if (!rule || rule.profile === one.name) return [0, 0];
      const newest = model.profiles.get(one.name)?.at(-1);
      if (newest === undefined || rule.active === undefined) return [0, 0];
      rule.profile = one.name;
      handOut(rule, newest);
      return [200, (await call('PATCH', `rules/${rule.id}`, { profile: one.name })).status];
    }
    case 'promote': {
      if (!rule) return [0, 0];
      const { status } = await call('POST', `rules/${rule.id}/promote`, { percent: one.percent });
      if (!rule.rollout) return [409, status];
      const { revision } = rule.rollout;
      if (one.percent === 100) {
        delete rule.rollout;
        move(rule, revision);
      } else rule.rollout = { revision, percent: one.percent };
      return [200, status];
    }
    case 'rollback': {
      if (!rule) return [0, 0];
      const { status, json } = await call('POST', `rules/${rule.id}/rollback`);
      if (rule.rollout) delete rule.rollout;
      else if (!goBack(rule)) return [409, status];
      else rule.profile = json.profile;
      return [200, status];
    }
    case 'machine-rollback': {
      if (!machine) return [0, 0];
      const { status } = await call('POST', `machines/${machine.id}/rollback`);
      return [goBack(machine) ? 200 : 409, status];
    }
    case 'release': {
      if (!machine) return [0, 0];
      delete machine.active;
      return [200, (await call('DELETE', `machines/${machine.id}/active`)).status];
    }
    default:
      return one satisfies never;
  }
}

const assigns = (name: string): Action => ({ kind: 'reassign', n: 0, name });
const examples: readonly Action[][] = [
  // The rule is back at what it handed out first, although nobody has called that going back: there is nothing before it.
  [
    { kind: 'rule', rack: undefined, name: 'a', priority: 1, percent: 100 },
    assigns('b'),
    assigns('a'),
    { kind: 'rollback', n: 0 },
  ],
  // What was taken from a machine is still what it had before.
  [
    { kind: 'profile', name: 'a', n: 0, own: 0 },
    { kind: 'release', n: 0 },
    { kind: 'profile', name: 'a', n: 0, own: 0 },
    { kind: 'machine-rollback', n: 0 },
  ],
];

test('whatever is asked, each machine boots what a simple model says: SQLite', async (t) => {
  await holds(t, await brokerFor(t), runs || 20);
});

const needingFirestore = needing(command('java'), command('gcloud'));
needingFirestore('whatever is asked, each machine boots what a simple model says: Firestore', async (t) => {
  const emulator = await warmEmulator();
  t.teardown(emulator.kill);
  const cloud = await googleCloud(t, emulator.host);
  const site = await openSite(t, { ...cloud.settings('hmac'), BROKER_PROJECT: `test-${randomUUID()}` });
  const boot: Broker['boot'] = (target, asking) => ask(site.boot, target, asking);
  await holds(t, { admin: site.admin, boot }, runs || 4);
});

async function holds(t: ExecutionContext, broker: Asked, numRuns: number): Promise<void> {
  await push(broker, { kind: 'kernel', name: 'debian', bytes: Buffer.from('kernel') });
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 25 }), async (actions) => {
      const model: Model = { machines: [], rules: [], profiles: new Map(), words: new Map() };
      for (const rack of [...racks, ...racks]) {
        const mac = `52:54:01:00:${(made >> 8).toString(16).padStart(2, '0')}:${(made++ & 255).toString(16).padStart(2, '0')}`;
        const { id } = await addMachine(broker, { macs: [mac], labels: { rack } });
        model.machines.push({ id, mac, rack, trail: [] });
      }
      // Runs share a broker: what one left would decide in the next.
      for (const { id } of (await broker.admin('/api/v1/rules?limit=1000')).json.items)
        await broker.admin(`/api/v1/rules/${id}`, undefined, { method: 'DELETE' });
      for (const name of names) {
        const { json } = await broker.admin('/api/v1/profiles', {
          name,
          kernel: 'debian@1',
          cmdline: `first-${name}`,
        });
        model.profiles.set(name, [json.id]);
        model.words.set(json.id, `first-${name}`);
      }
      for (const one of actions) {
        const [expected, got] = await act(one, broker, model);
        t.is(got, expected, JSON.stringify(one));
        for (const machine of model.machines) {
          const revision = revisionOf(machine, model);
          const { status, text } = await broker.boot(`/boot.ipxe?mac=${machine.mac}`, {
            userAgent: agents.ipxe,
          });
          const word = / (\S+) \|\| goto again$/m.exec(
            text.split('\n').find((line) => line.startsWith('kernel')) ?? '',
          )?.[1];
          t.is(status === 200 ? word : undefined, revision && model.words.get(revision), JSON.stringify(one));
        }
      }
    }),
    { numRuns, examples: examples.map((one) => [one]) },
  );
}
