import { needing } from '../support/needs.ts';
import { scaled } from '../support/patience.ts';
import { bootInVain, type InVain } from './in-vain.ts';
import { installed } from './loaders.ts';
import { labNeeds } from './needs.ts';

const test = needing(...labNeeds);

let boot: InVain;

test.before(
  'boot a machine that nobody knows, at a broker that is down for its first two tries',
  async (t) => {
    t.timeout(scaled(540_000));
    boot = await bootInVain(installed, '52:54:00:00:00:04', 2);
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

test('an unknown machine that is sent away goes on to its next boot option', (t) => {
  // It did: the boot would not have ended otherwise.
  t.is(boot.log.at(-1)?.reason, 'BROKER_UNKNOWN_MACHINE is exit');
});
