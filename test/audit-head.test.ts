import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test from 'ava';
import { command } from './cli/command.ts';
import { startChild, temporaryFolder } from './support/child.ts';

test('the log says the head of the audit log with each write, and audit verify finds by it what was cut off', async (t) => {
  const folder = await temporaryFolder(t);
  const env = { BROKER_ADMIN_TOKEN: 'an-administrators-token' };
  const start = async () => {
    const child = await startChild(t, { env, folder });
    const { admin } = await child.ready;
    return { child, run: command({ url: `http://127.0.0.1:${admin}`, token: env.BROKER_ADMIN_TOKEN }) };
  };
  const { child, run } = await start();
  for (const n of [1, 2, 3]) t.is((await run('machine', 'add', '--mac', `52:54:00:0f:00:0${n}`)).code, 0);
  child.kill('SIGTERM');
  await child.ended;
  const heads = child.lines().filter((line) => line.message === 'the audit log goes on');
  t.is(heads.length, 3);
  for (const [n, line] of heads.entries()) {
    t.like(line, { action: 'machine.create', by: 'bootstrap admin-token' });
    t.regex(String(line.audit_head), new RegExp(`^${n + 1}:[0-9a-f]{64}$`));
    t.regex(String(line.target), /^machine /);
  }
  const head = String(heads.at(-1)?.audit_head);

  const database = new DatabaseSync(join(folder, 'data', 'records.db'));
  const verify = async (more: string[]) => {
    const again = await start();
    const verified = await again.run('audit', 'verify', ...more);
    again.child.kill('SIGTERM');
    await again.child.ended;
    return verified;
  };
  t.is((await verify(['--head', head])).code, 0);
  database.exec('DELETE FROM audit WHERE seq > 1');
  database.close();
  t.is((await verify([])).code, 0); // what is left is whole
  const { code, stderr } = await verify(['--head', head]);
  t.is(code, 1);
  t.regex(stderr, /event 3 with that hash is no part of the audit log, which ends at 1/);
});
