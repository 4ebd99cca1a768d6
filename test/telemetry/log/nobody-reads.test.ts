import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import test from 'ava';
import { temporaryFolder } from '../../support/child.ts';
import { freePort } from '../../support/free-port.ts';
import { ask, until } from '../../support/http.ts';
import { within } from '../../support/patience.ts';

const main = join(import.meta.dirname, '../../../src/main.ts');
/** So many lines that no pipe takes them: Linux has 64 KiB for one, and Node reads as much. */
const requests = 500;

test('a broker whose log nobody reads answers as before, and ends when it is told to', async (t) => {
  const [folder, port] = [await temporaryFolder(t), await freePort()];
  const env = {
    PATH: process.env.PATH,
    BROKER_LISTEN: `127.0.0.1:${port}`,
    BROKER_STORAGE_LISTEN: '127.0.0.1:0',
    BROKER_ROLES: 'boot',
  };
  const child = spawn(process.execPath, [main], { cwd: folder, env, stdio: ['ignore', 'pipe', 'ignore'] });
  t.teardown(() => child.kill('SIGKILL'));
  await until(() =>
    ask(port, '/healthz').then(
      ({ status }) => status === 200,
      () => false,
    ),
  );
  const userAgent = 'x'.repeat(256);
  for (let n = 0; n < requests; n += 1) {
    const { status } = await ask(port, `/${'nothing'.repeat(60)}`, { userAgent });
    t.is(status, 404);
  }
  child.kill('SIGTERM');
  const [code] = await within('its end', once(child, 'exit'));
  t.is(code, 0);
});
