import { setTimeout as pause } from 'node:timers/promises';
import { addProfile } from '../support/broker.ts';
import type { Emulator } from '../support/firestore-emulator.ts';
import { ask } from '../support/http.ts';
import { command, needing } from '../support/needs.ts';
import { googleCloud } from './cloud.ts';
import { warmEmulator } from './emulator.ts';
import { ipxe, mac, openSite, scriptOf, stockByApi } from './site.ts';

const test = needing(command('java'), command('gcloud'));

let emulator: Emulator;
test.before(async () => {
  emulator = await warmEmulator();
});
test.after.always(() => emulator?.kill());

test('a machine that is rolled back on one broker boots so on another within a second', async (t) => {
  const settings = (await googleCloud(t, emulator.host)).settings('hmac');
  const here = await openSite(t, settings);
  const there = await openSite(t, { ...settings, BROKER_ROLES: 'boot' });
  const { machine, revision } = await stockByApi(here);
  const parts = { kernel: 'debian@1', initrds: ['debian@1'] };
  const other = await addProfile(here, { name: 'other', machine_id: machine.id, ...parts });

  const boots = async () => (await ask(there.boot, scriptOf(mac), ipxe)).text.match(/asset\/([\w-]+)\//)?.[1];
  t.is(await boots(), other.id);
  await pause(3000); // then it listens
  t.is(await boots(), other.id);
  const late: number[] = [];
  const move = async (moved: () => Promise<string>) => {
    const expected = await moved();
    const began = Date.now();
    while ((await boots()) !== expected && Date.now() - began < 10_000) await pause(10);
    late.push(Date.now() - began);
  };
  await move(async () => {
    const back = await here.admin(`/api/v1/machines/${machine.id}/rollback`, {});
    t.is(back.status, 200, back.text);
    return revision.id;
  });
  for (const name of ['a', 'b'])
    await move(async () => (await addProfile(here, { name, machine_id: machine.id, ...parts })).id);
  t.log(`after ${late.join(', ')} ms`);
  t.true(Math.max(...late) < 1000, `${late}`);
  there.broker.kill('SIGTERM');
  t.is(await there.broker.ended, 0);
});
