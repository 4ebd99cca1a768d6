import { randomUUID } from 'node:crypto';
import test from 'ava';
import fc from 'fast-check';
import { googleCloud } from '../google/cloud.ts';
import { warmEmulator } from '../google/emulator.ts';
import { openSite } from '../google/site.ts';
import { push, startBroker } from '../support/broker.ts';
import { command } from '../support/need.ts';
import { needing } from '../support/needs.ts';
import type { Owner } from '../support/owner.ts';
import { machineCalls } from './machines.ts';
import type { Real } from './model.ts';
import { profileCalls } from './profiles.ts';

const calls = fc.commands([...machineCalls, ...profileCalls], { maxCommands: 60, size: 'max' });

/** Random calls, one after the other, to a broker that knows nothing yet: a new one for each sequence. */
async function drive(numRuns: number, start: (owner: Owner) => Promise<Real>): Promise<void> {
  await fc.assert(
    fc.asyncProperty(calls, async (commands) => {
      const ends: (() => unknown)[] = [];
      try {
        const real = await start({ teardown: (end) => ends.unshift(end) });
        await push(real, { kind: 'kernel', name: 'k', bytes: Buffer.from('kernel') });
        await fc.asyncModelRun(() => ({ model: { machines: [], revisions: [] }, real }), commands);
      } finally {
        for (const end of ends) await end();
      }
    }),
    { numRuns, includeErrorInReport: true },
  );
}

const runs = Number(process.env.BROKER_TEST_MODEL_RUNS);

test('whatever is called in whatever order, SQLite has what a model has', async (t) => {
  await t.notThrowsAsync(
    drive(runs || 15, async (owner) => {
      const broker = await startBroker();
      owner.teardown(broker.close);
      return broker;
    }),
  );
});

const needingFirestore = needing(command('java'), command('gcloud'));
needingFirestore('whatever is called in whatever order, Firestore has what a model has', async (t) => {
  const emulator = await warmEmulator();
  t.teardown(emulator.kill);
  const cloud = await googleCloud(t, emulator.host);
  await t.notThrowsAsync(
    drive(runs || 4, (owner) =>
      openSite(owner, { ...cloud.settings('hmac'), BROKER_PROJECT: `test-${randomUUID()}` }),
    ),
  );
});
