import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { fakeBroker } from './fake-broker.ts';
import { ended, installed, systemNode } from './process.ts';

test('bin/bootbroker runs under the Node of the system, through a link, and passes exit codes on', async (t) => {
  t.log(`with Node ${execFileSync(systemNode, ['--version']).toString().trim()}`);
  const { start } = await installed(t);
  const version = await ended(start(['--version']));
  t.is(version.code, 0);
  t.is(version.stderr, '');
  t.regex(version.stdout, /^\d+\.\d+\.\d+\n$/);
  t.deepEqual(await ended(start(['nonsense'])), {
    code: 2,
    stdout: '',
    stderr: "bootbroker: unknown command 'nonsense'; --help shows what it takes\n",
  });
});

test('config shows the settings as settings.ts has them', async (t) => {
  const { start } = await installed(t);
  const { settings } = await import('../../src/config/settings.ts');
  const { stdout } = await ended(start(['config', '--json']));
  t.deepEqual(
    JSON.parse(stdout).settings.map(({ name }: { name: string }) => name),
    Object.values(settings).map(({ name }) => name),
  );
});

test('a wrong setting is wrong usage', async (t) => {
  const { start } = await installed(t);
  const { code, stderr } = await ended(start(['serve'], { BROKER_LISTEN: 'nowhere' }));
  t.is(code, 2);
  t.regex(stderr, /^bootbroker: BROKER_LISTEN \(or --listen\) must be HOST:PORT.*bootbroker config shows/);
});

test('a reader that goes away is no error', async (t) => {
  const { start } = await installed(t);
  const child = start(['config'], {}, { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout?.destroy();
  const { code, stderr } = await ended(child);
  t.is(stderr, '');
  t.is(code, 0);
});

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  test(`${signal} in the middle of a push is exit code 130, and the same command goes on from there`, async (t) => {
    const { dir, start } = await installed(t);
    const broker = await fakeBroker();
    t.teardown(broker.close);
    const bytes = randomBytes(20_000_000);
    await writeFile(join(dir, 'initrd'), bytes);
    const env = { BROKER_URL: broker.origin, BROKER_ADMIN_TOKEN: broker.token };
    const args = [
      'asset',
      'push',
      'initrd',
      '--kind',
      'initrd',
      '--name',
      'debian',
      '--version',
      '1',
      '--json',
    ];

    const first = start(args, env);
    broker.faults.push(
      { kind: 'keep', bytes: 8 * 1024 * 1024 },
      {
        kind: 'call',
        call: () => {
          first.kill(signal);
          // no answer, ever: only the signal can end this push
          return new Promise(() => {});
        },
      },
    );
    const interrupted = await ended(first);
    t.is(interrupted.code, 130, interrupted.stderr);
    t.regex(JSON.parse(interrupted.stderr).error.message, /^interrupted; run the same command again/);
    t.is(broker.seen.completes, 0);

    broker.puts.length = 0;
    const second = await ended(start(args, env));
    t.is(second.code, 0, second.stderr);
    const { resumed_at, asset } = JSON.parse(second.stdout);
    t.is(resumed_at, 8 * 1024 * 1024);
    t.is(broker.puts[0], resumed_at);
    t.true(broker.bytesOf(asset.id)?.equals(bytes));
  });
