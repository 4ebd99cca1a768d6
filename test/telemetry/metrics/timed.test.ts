import test from 'ava';
import { openMetrics } from '../../../src/telemetry/metrics.ts';

const operation = { store: 'records', name: 'machine' } as const;

async function counts(metrics: ReturnType<typeof openMetrics>): Promise<string[]> {
  const lines = (await metrics.text()).split('\n');
  return lines.filter((line) => line.startsWith('bootbroker_operation_duration_seconds_count'));
}

const series = (outcome: string) =>
  `bootbroker_operation_duration_seconds_count{store="records",operation="machine",outcome="${outcome}"}`;

test('an answer comes as it came, with or without a promise, and so does a fault', async (t) => {
  const metrics = openMetrics();
  const { watch } = metrics;
  t.is(
    watch(operation, () => 5),
    5,
  );
  const promise = Promise.resolve(6);
  t.is(
    watch(operation, () => promise),
    promise,
  );
  const fault = new Error('at once');
  t.is(
    t.throws(() =>
      watch(operation, () => {
        throw fault;
      }),
    ),
    fault,
  );
  const later = Promise.reject(new Error('later'));
  t.is(
    watch(operation, () => later),
    later,
  );
  await t.throwsAsync(later, { message: 'later' });
  t.deepEqual(await counts(metrics), [`${series('ok')} 2`, `${series('fault')} 2`]);
});
