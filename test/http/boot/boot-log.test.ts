import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import type { BootEntry } from '../../../src/boot/history/boot-entry.ts';
import { addMachine, addProfile, type Broker, brokerFor, push } from '../../support/broker.ts';
import { dial, until } from '../../support/http.ts';

const script = '/boot.ipxe?mac=52:54:00:aa:bb:01';
const ipxe = { userAgent: 'iPXE/2.0' };

/** A broker whose every boot event waits until it is let go, or is told to fail. */
async function holding(t: ExecutionContext, events: string) {
  const gates: PromiseWithResolvers<void>[] = [];
  const written: BootEntry[] = [];
  const broker = await brokerFor(t, {
    settings: { BROKER_EVENTS: events },
    replace: ({ records }) => ({
      records: {
        ...records,
        async addBootEntry(entry: BootEntry) {
          const gate = Promise.withResolvers<void>();
          gates.push(gate);
          await gate.promise;
          written.push(entry);
          return records.addBootEntry(entry);
        },
      },
    }),
  });
  return { ...(await prepare(broker)), broker, gates, written };
}

async function prepare(broker: Broker): Promise<{ kernel: string }> {
  await push(broker, { kind: 'kernel', name: 'k', bytes: Buffer.from('kernel') });
  const { id } = await addMachine(broker, { macs: ['52:54:00:aa:bb:01'] });
  const revision = await addProfile(broker, { name: 'p', machine_id: id, kernel: 'k@1' });
  return { kernel: `/asset/${revision.id}/kernel?machine=${id}` };
}

for (const plan of ['text', 'redirect', 'stream'] as const)
  test(`an answer by ${plan} begins at once, and ends when its boot event is written`, async (t) => {
    const { broker, gates, written, kernel } = await holding(t, 'await');
    const target = plan === 'text' ? script : kernel;
    const userAgent = plan === 'stream' ? 'UefiHttpBoot/1.0' : ipxe.userAgent;
    const socket = await dial(
      broker.bootPort,
      `GET ${target} HTTP/1.1\r\nHost: a\r\nUser-Agent: ${userAgent}\r\n\r\n`,
    );
    let answer = '';
    socket.setEncoding('latin1').on('data', (text) => {
      answer += text;
    });
    await until(() => answer.includes('\r\n\r\n') && gates.length === 1);
    t.regex(answer, plan === 'redirect' ? /^HTTP\/1\.1 302 / : /^HTTP\/1\.1 200 /);
    const isWhole = () => {
      const [head = '', ...body] = answer.split('\r\n\r\n');
      const [, length] = /^Content-Length: (\d+)$/m.exec(head) ?? [];
      return body.join('\r\n\r\n').length === Number(length);
    };
    await sleep(300);
    t.false(isWhole());
    t.is(written.length, 0);
    gates[0]?.resolve();
    await until(isWhole);
    t.is(written.length, 1);
    socket.destroy();
  });

for (const plan of ['text', 'redirect'] as const)
  test(`an answer by ${plan} is one write where its event does not take long`, async (t) => {
    const broker = await brokerFor(t);
    const { kernel } = await prepare(broker);
    const target = plan === 'text' ? script : kernel;
    const socket = await dial(broker.bootPort, '');
    const pieces: string[] = [];
    socket.setEncoding('latin1').on('data', (text) => pieces.push(String(text)));
    for (let n = 1; n <= 10; n += 1) {
      socket.write(`GET ${target} HTTP/1.1\r\nHost: a\r\nUser-Agent: ${ipxe.userAgent}\r\n\r\n`);
      await until(() => pieces.length >= n);
    }
    await sleep(100);
    const whole = pieces.filter((piece) => /^HTTP\/1\.1 [23]/.test(piece) && piece.endsWith('\n'));
    t.true(whole.length > 5, `of 10 answers ${whole.length} came in one piece`);
    socket.destroy();
  });

test('an event that hangs holds the last byte of a stream for less time than firmware waits', async (t) => {
  const { broker, gates, written, kernel } = await holding(t, 'await');
  const answer = broker.boot(kernel, { userAgent: 'UefiHttpBoot/1.0' });
  t.is((await answer).text, 'kernel');
  t.is(written.length, 0);
  gates[0]?.resolve();
});

test('with BROKER_EVENTS=background it does not wait; the end of the program does', async (t) => {
  const { broker, gates, written } = await holding(t, 'background');
  t.is((await broker.boot(script, ipxe)).status, 200);
  t.is((await broker.boot('/assets/k:1:x86_64/kernel')).text, 'kernel');
  t.is(written.length, 0);
  const closed = broker.close();
  setTimeout(() => {
    for (const gate of gates) gate.resolve();
  }, 300);
  await closed;
  t.is(written.length, 1); // the asset was no machine's
  await t.throwsAsync(broker.boot('/healthz'));
});

for (const mode of ['await', 'background'])
  test(`with BROKER_EVENTS=${mode} an event that is lost is counted and logged, and nothing else`, async (t) => {
    const { broker, gates } = await holding(t, mode);
    const answer = broker.boot(script, ipxe);
    await until(() => gates.length === 1);
    gates[0]?.reject(new Error('the store is down'));
    const { status, headers } = await answer;
    t.is(status, 200);
    await until(async () =>
      /^bootbroker_boot_events_total\{stage="script",outcome="lost"\} 1$/m.test(
        (await broker.boot('/metrics')).text,
      ),
    );
    t.like(
      broker.log.find(({ message }) => message === 'a boot event could not be written'),
      { level: 'warn', request_id: headers['x-request-id'] },
    );
  });

test('what a machine reports is kept before it is answered, whatever BROKER_EVENTS says', async (t) => {
  const { broker, gates, written } = await holding(t, 'background');
  const answer = broker.boot('/report/up?mac=52:54:00:aa:bb:01');
  await until(() => gates.length === 1);
  gates[0]?.resolve();
  t.is((await answer).status, 200);
  t.is(written.length, 1);
});
