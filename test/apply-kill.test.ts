import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import type { Machine } from '../src/boot/machine/machine.ts';
import type { ProfileRevision } from '../src/boot/profile.ts';
import type { Rule } from '../src/boot/rule/rule.ts';
import { askAdmin, push } from './support/broker.ts';
import { startChild, temporaryFolder } from './support/child.ts';
import type { Answered } from './support/http.ts';

const kills = 20;
const size = 300;
const env = { BROKER_ADMIN_TOKEN: 'a-token-of-this-test', BROKER_LOG_LEVEL: 'info' };

/** A state that tells its round in every machine, in the rule and in the profile; each round also replaces half of the machines. */
function stateOf(round: number) {
  const mac = (n: number) =>
    `52:54:00:${[n >> 16, n >> 8, n].map((part) => (part & 255).toString(16).padStart(2, '0')).join(':')}`;
  return {
    profiles: [{ name: 'debian', kernel: 'debian@1', cmdline: `round=${round}` }],
    rules: [{ name: 'all', selector: { label: { round: String(round) } }, profile: 'debian', priority: 1 }],
    machines: Array.from({ length: size }, (_, n) => ({
      macs: [mac(n < size / 2 ? n : n + round * size)],
      labels: { round: String(round) },
      profile: 'debian',
    })),
  };
}

test('a broker that is killed in the middle of an apply has all of it or nothing', async (t) => {
  t.timeout(20 * 60_000); // twenty starts; each step has a limit of its own
  const seed = randomInt(2 ** 31);
  t.log(`seed ${seed}`);
  const chance = (n: number) => ((Math.imul(seed ^ (n * 0x9e3779b9), 0x85ebca6b) >>> 8) % 1000) / 1000;
  const folder = await temporaryFolder(t);
  const start = async () => {
    const child = await startChild(t, { env, folder });
    const { admin } = await child.ready;
    return {
      child,
      ask: (target: string, json?: unknown) => askAdmin(admin, env.BROKER_ADMIN_TOKEN, target, json),
    };
  };
  let broker = await start();
  await push(
    { admin: (target, json) => broker.ask(target, json) },
    { kind: 'kernel', name: 'debian', bytes: Buffer.from('a kernel') },
  );

  const begun = performance.now();
  t.is((await broker.ask('/api/v1/apply?prune=1', stateOf(0))).status, 200);
  let usualMs = performance.now() - begun;
  let now = 0;
  const outcomes = { lost: 0, kept: 0, answered: 0 };
  for (let round = 1; round <= kills; round++) {
    const answer: Promise<Answered | undefined> = broker
      .ask('/api/v1/apply?prune=1', stateOf(round))
      .catch(() => undefined);
    const sent = performance.now();
    const whole = answer.then(() => performance.now() - sent);
    await Promise.race([answer, sleep(chance(round) * usualMs)]);
    broker.child.kill('SIGKILL');
    const said = await answer;
    const answered = said?.status === 503 ? undefined : said; // it could not: that acknowledges nothing
    await broker.child.ended;
    broker = await start();

    const items = async <Item>(path: string): Promise<Item[]> => {
      const found: Item[] = [];
      let cursor = '';
      do {
        const { json } = await broker.ask(`/api/v1/${path}?limit=1000${cursor}`);
        found.push(...json.items);
        cursor = json.next ? `&cursor=${json.next}` : '';
      } while (cursor);
      return found;
    };
    const machines = await items<Machine>('machines');
    const [rule] = await items<Rule>('rules');
    const newest = (await items<ProfileRevision>('profiles')).at(-1);
    const seen = Number(machines[0]?.labels.round);
    t.true(seen === round || (seen === now && !answered), `round ${round}: ${seen}, ${answered?.status}`);
    const wanted = stateOf(seen);
    t.deepEqual(
      machines.flatMap(({ macs }) => macs).sort(),
      wanted.machines.flatMap(({ macs }) => macs).sort(),
    );
    t.true(machines.every(({ labels, active }) => labels.round === String(seen) && active === newest?.id));
    t.deepEqual(rule?.selector, { label: { round: String(seen) } });
    t.is(rule?.active, newest?.id);
    t.is(newest?.cmdline, `round=${seen}`);
    outcomes[answered ? 'answered' : seen === round ? 'kept' : 'lost'] += 1;
    now = seen;
    if (answered) usualMs = await whole;
    t.deepEqual((await broker.ask('/api/v1/apply?prune=1', wanted)).json.changes, []);
  }
  t.log(outcomes);
  const { status } = await broker.ask('/api/v1/apply?prune=1', stateOf(kills + 1));
  t.is(status, 200);
});
