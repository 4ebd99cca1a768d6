import { Agent, request } from 'node:http';
import test, { type ExecutionContext } from 'ava';
import { macOf } from './records/examples.ts';
import { addMachine, addProfile, brokerFor, push } from './support/broker.ts';
import { ask } from './support/http.ts';

const connections = 100;
const reports = 1500;

/** A broker with a crowd of machines that report, and one that only wants to boot. */
async function scene(t: ExecutionContext, settings: Readonly<Record<string, string>>) {
  const broker = await brokerFor(t, { settings });
  await push(broker, { kind: 'kernel', name: 'k', bytes: Buffer.from('kernel') });
  const honest = '52:54:00:ff:00:01';
  const { id } = await addMachine(broker, { macs: [honest] });
  await addProfile(broker, { name: 'p', machine_id: id, kernel: 'k@1' });
  const crowd = await Promise.all(
    Array.from({ length: reports / 15 }, (_, n) => addMachine(broker, { macs: [macOf(n)] })),
  );
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  t.teardown(() => agent.destroy());
  const body = Buffer.alloc(2000, 'x');
  const report = (n: number) =>
    new Promise<number>((resolve, reject) => {
      const path = `/report/s${Math.floor(n / crowd.length)}?machine=${crowd[n % crowd.length]?.id}`;
      request({ port: broker.bootPort, path, method: 'POST', agent }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode ?? 0));
      })
        .once('error', reject)
        .end(body);
    });
  /** All reports at once, and beside them scripts, one after the other; how long these took, in ms. */
  const flood = async () => {
    let over = false;
    const all = Promise.all(Array.from({ length: reports }, (_, n) => report(n))).finally(() => {
      over = true;
    });
    const waits: number[] = [];
    let during = 0;
    while (!over) {
      const begun = performance.now();
      const { status } = await ask(broker.bootPort, `/boot.ipxe?mac=${honest}`, { userAgent: 'iPXE/2.0' });
      t.is(status, 200);
      waits.push(performance.now() - begun);
      if (!over) during += 1;
    }
    const sorted = waits.toSorted((a, b) => a - b);
    t.log(
      `${waits.length} scripts: median ${sorted[Math.floor(waits.length / 2)]?.toFixed(1)} ms, longest ${sorted.at(-1)?.toFixed(1)} ms`,
    );
    return { statuses: await all, scripts: during };
  };
  return { broker, crowd, flood };
}

test('a flood of reports from one address is cut to what its limit takes, and another machine boots on', async (t) => {
  const { flood } = await scene(t, { BROKER_REPORTS_PER_SOURCE: '50' });
  const { statuses, scripts } = await flood();
  const kept = statuses.filter((status) => status === 200).length;
  t.deepEqual([...new Set(statuses)].toSorted(), [200, 429]);
  t.true(kept >= 50 && kept < reports / 2, `${kept}`);
  t.true(scripts >= 1);
});

test('without that limit each report is on disk when it is answered, and another machine boots on', async (t) => {
  const { broker, crowd, flood } = await scene(t, { BROKER_REPORTS_PER_SOURCE: '1000000' });
  const { statuses, scripts } = await flood();
  t.deepEqual([...new Set(statuses)], [200]);
  t.true(scripts >= 1);
  const { items } = await broker.parts.records.listBoots(undefined, { limit: 1000 });
  const ofCrowd = items.filter(({ machine_id }) => crowd.some(({ id }) => id === machine_id));
  t.is(ofCrowd.length, crowd.length);
  t.true(ofCrowd.every(({ steps }) => steps.length === 15));
});
