import { needing } from '../support/needs.ts';
import { scaled } from '../support/patience.ts';
import { bootInVain, type InVain } from './in-vain.ts';
import { installed } from './loaders.ts';
import { labNeeds } from './needs.ts';

const test = needing(...labNeeds);

let boot: InVain;

test.before(
  'boot a machine that boots from its disk, at a broker that is down for its first two tries',
  async (t) => {
    t.timeout(scaled(540_000));
    const mac = '52:54:00:00:00:04';
    boot = await bootInVain(installed, mac, 2, async (broker) => {
      const { id } = await broker.command<{ id: string }>('machine', 'add', '--mac', mac);
      await broker.command('profile', 'create', '--machine', id, '--disk');
    });
  },
);

test('iPXE counts, waits longer each time and asks again until the broker answers', (t) => {
  t.deepEqual(boot.said, ['bootbroker: try 1 failed, next in 5 s', 'bootbroker: try 2 failed, next in 10 s']);
  const asked = boot.exchanges.filter(({ target }) => target.includes('?mac=52-54-00-00-00-04&'));
  t.deepEqual(
    asked.map(({ status }) => status),
    [503, 503, 200],
  );
});

test('a machine whose profile is its disk goes on to its next boot option', (t) => {
  // It did: the boot would not have ended otherwise.
  const { plan, reason } = boot.log.at(-1) ?? {};
  t.deepEqual([plan, reason], ['disk', 'the machine has a profile of its own']);
});
