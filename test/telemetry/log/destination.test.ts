import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';
import { within } from '../../support/patience.ts';

const log = JSON.stringify(join(import.meta.dirname, '../../../src/telemetry/log.ts'));

/** A program that logs; nobody reads its standard output yet. */
function program(t: ExecutionContext, code: string): ChildProcess {
  const source = `import { openLog } from ${log};\n${code}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  return child;
}

function read(child: ChildProcess): Promise<Record<string, unknown>[]> {
  if (!child.stdout) throw new Error('it has no standard output');
  return text(child.stdout).then((all) =>
    all
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  );
}

const many = 3_000;
const lines = `
  const log = openLog({ level: 'info' });
  for (let n = 0; n < ${many}; n += 1) log.info({ n, text: 'x'.repeat(200) }, 'a line');
`;

for (const [end, code] of [
  ['in order', ''],
  ['by process.exit', 'process.exit(3);'],
  ['by a fault that nobody catches', "throw new Error('a fault');"],
  ['by a promise that nobody catches', "await Promise.reject(new Error('a fault'));"],
  ['after it was closed', 'await log.close();'],
] as const)
  test(`of a program that ends ${end} every line is there, one after the other`, async (t) => {
    const child = program(t, lines + code);
    const found = await within('its end', read(child));
    t.deepEqual(
      found.map(({ n }) => n),
      Array.from({ length: many }, (_, n) => n),
    );
  });

/** Logs 40 MB; says how many lines were dropped, and goes on when it is told to. */
const flood = `
  let dropped = 0;
  const log = openLog({ level: 'info', onDrop: () => { dropped += 1; } });
  for (let n = 0; n < 40_000; n += 1) {
    log.info({ n, text: 'x'.repeat(1_000) }, 'a line');
    if (n % 100 === 0) await new Promise(setImmediate);
  }
  process.send({ dropped });
  await new Promise((resolve) => process.once('message', resolve));
`;

test('where nobody reads, no more than some MiB wait, and the program goes on and ends all the same', async (t) => {
  const child = program(t, `${flood} await log.close(); process.disconnect();`);
  const [{ dropped }] = (await within('the flood', once(child, 'message'))) as [{ dropped: number }];
  const kept = (40_000 - dropped) * 1_000;
  t.true(kept < 9 * 1024 ** 2, `${kept} bytes wait`);
  child.send('end');
  const [code] = await within('its end', once(child, 'exit'));
  t.is(code, 0);
});

test('a fault ends the program although nobody reads its log', async (t) => {
  const child = program(t, `${flood} process.disconnect(); throw new Error('a fault');`);
  await within('the flood', once(child, 'message'));
  child.send('end');
  const [code] = await within('its end', once(child, 'exit'));
  t.is(code, 1);
});

test('who reads again is told how many lines were left out', async (t) => {
  const child = program(t, `${flood} log.info({ n: -1 }, 'the last line'); process.disconnect();`);
  const [{ dropped }] = (await within('the flood', once(child, 'message'))) as [{ dropped: number }];
  t.true(dropped > 0);
  const reading = read(child);
  child.send('end');
  const found = await within('its end', reading);
  const told = found.filter(
    ({ message }) => message === 'lines were left out here: nobody read them in time',
  );
  const missing = 40_001 - found.filter(({ n }) => n !== undefined).length;
  t.is(
    told.reduce((sum, { lines }) => sum + Number(lines), 0),
    missing,
  );
});
