import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';

const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

/** Says on stderr which modules are loaded. */
const watching = `
import { registerHooks } from 'node:module';
import { writeSync } from 'node:fs';
registerHooks({ load(url, context, next) { writeSync(2, url + '\\n'); return next(url, context); } });`;

/** The files of verbs that a command line loads, by their paths below src/cli/verbs. */
async function loaded(...args: string[]): Promise<string[]> {
  const hooks = `data:text/javascript,${encodeURIComponent(watching)}`;
  const { stderr } = await promisify(execFile)(process.execPath, ['--import', hooks, cli, ...args]);
  return [...stderr.matchAll(/\/src\/cli\/verbs\/(.*)$/gm)].map(([, path]) => path ?? '');
}

test('a command line loads the one verb that it calls, and the help of the command itself none', async (t) => {
  t.deepEqual(await loaded('machine', 'list', '--help'), ['machine/list.ts']);
  t.deepEqual(await loaded('machine', 'help', 'list'), ['machine/list.ts']);
  t.deepEqual(await loaded('config'), ['config.ts']);
  t.deepEqual(await loaded('--version'), []);
  t.deepEqual(await loaded('--help'), []);
  t.true((await loaded('completion', 'bash')).length > 40);
});
