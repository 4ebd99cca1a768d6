import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { until } from '../support/http.ts';
import { needing } from '../support/needs.ts';
import { labNeeds } from './needs.ts';
import { brokerAddress, openRoom } from './room.ts';

const test = needing(...labNeeds);

test('what listens in one room is not there in another, although it has the same address', async (t) => {
  const [one, other] = await Promise.all([openRoom(), openRoom()]);
  try {
    one.start('busybox', ['httpd', '-f', '-h', one.folder, '-p', `${brokerAddress}:8080`]);
    const look = ['wget', '-q', '-O', '/dev/null', `http://${brokerAddress}:8080/x`];
    await t.throwsAsync(() => asked(() => one.run('busybox', look)), { message: /404/ });
    await t.throwsAsync(() => other.run('busybox', look), { message: /refused/ });
  } finally {
    await Promise.all([one.close(), other.close()]);
  }
});

test('a closed room leaves neither a process nor a file', async (t) => {
  const room = await openRoom();
  const child = room.start('sleep', ['3600']);
  await room.close();
  t.is(child.signalCode, 'SIGKILL');
  t.false(existsSync(room.folder));
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const)
  test(`nothing is left of a room whose process ends by ${signal}`, async (t) => {
    const script = `
      const { openRoom } = await import('${import.meta.dirname}/room.ts');
      const { serveDhcp } = await import('${import.meta.dirname}/dhcp.ts');
      const { tapWire } = await import('${import.meta.dirname}/wire.ts');
      const room = await openRoom();
      const dhcp = serveDhcp(room);
      await tapWire(room, [8080]);
      console.log(room.folder, dhcp.pid);
    `;
    const owner = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(owner.stdout, 'data');
    const [folder = '', dhcp = ''] = String(line).trim().split(' ');
    t.true(existsSync(folder) && existsSync(`/proc/${dhcp}`));
    owner.kill(signal);
    t.is((await once(owner, 'exit'))[1], signal);
    await until(() => !existsSync(`/proc/${dhcp}`) && !existsSync(folder));
  });

/** Asks until somebody listens. */
async function asked(ask: () => Promise<unknown>): Promise<unknown> {
  let answer: unknown;
  const isThere = () =>
    ask().then(
      (said) => {
        answer = said;
        return true;
      },
      (error) => {
        if (!/refused/.test(String(error))) throw error;
        return false;
      },
    );
  await until(isThere);
  return answer;
}
