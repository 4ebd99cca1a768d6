import { readdir } from 'node:fs/promises';
import test from 'ava';
import type { Finding } from '../../src/cli/verb/system.ts';
import { command } from '../cli/command.ts';
import { ended, installed } from '../cli/process.ts';

const findings: readonly Finding[] = [
  { check: 'clock', state: 'pass', text: 'no more than 1 s off' },
  { check: 'bucket', state: 'fail', text: 'gone\u001b[2J; make it' },
  { check: 'upload', state: 'skipped', text: 'nothing to try' },
];

const running = (some: readonly Finding[]) =>
  command({
    system: {
      async *diagnose() {
        yield* some;
      },
    },
  });

test('each check is a line, and one that failed makes the exit code 1', async (t) => {
  t.deepEqual(await running(findings)('doctor'), {
    code: 1,
    stdout: [
      'pass    clock           no more than 1 s off\n',
      'fail    bucket          gone\\u{1b}[2J; make it\n',
      'skipped upload          nothing to try\n',
    ].join(''),
    stderr: '',
  });
  const well = await running(findings.filter(({ state }) => state !== 'fail'))('doctor');
  t.is(well.code, 0);
  const { code, stdout } = await running(findings)('doctor', '--json');
  t.is(code, 1);
  t.deepEqual(JSON.parse(stdout), { checks: findings });
});

test('it takes the settings as flags; wrong ones are exit code 2, and nothing is checked', async (t) => {
  const given: unknown[] = [];
  const system = {
    async *diagnose(flags: unknown) {
      given.push(flags);
      yield* findings.slice(0, 1);
    },
  };
  t.is((await command({ system })('doctor', '--listen', '[::]:80')).code, 0);
  t.deepEqual(given, [{ BROKER_LISTEN: '[::]:80', BROKER_ADMIN_TOKEN: undefined }]);

  const readSettings = () => ({ mistakes: ['BROKER_LISTEN must be HOST:PORT'] });
  const wrong = await command({ system: { ...system, readSettings } })('doctor');
  t.is(wrong.code, 2);
  t.regex(wrong.stderr, /^bootbroker: BROKER_LISTEN must be HOST:PORT; bootbroker config shows/);
  t.is(given.length, 1);
});

test.serial('an interrupt ends the checks, which clean up', async (t) => {
  let cleaned = false;
  const system = {
    async *diagnose() {
      try {
        yield* findings.slice(0, 1);
        process.emit('SIGHUP');
        yield* findings;
      } finally {
        cleaned = true;
      }
    },
  };
  const { code, stdout, stderr } = await command({ system })('doctor');
  t.is(code, 130);
  t.is(stdout, 'pass    clock           no more than 1 s off\n');
  t.is(stderr, 'bootbroker: interrupted; what it made was deleted again\n');
  t.true(cleaned);
});

test('the command itself, in an empty folder: all is well, and the folder stays empty', async (t) => {
  const { dir, start } = await installed(t);
  const { code, stdout, stderr } = await ended(start(['doctor', '--storage-listen', '127.0.0.1:0']));
  t.is(stderr, '');
  t.is(code, 0, stdout);
  t.regex(stdout, /^pass {4}upload /m);
  const wrong = await ended(start(['doctor', '--json'], { BROKER_RECORDS: 'firestore' }));
  t.is(wrong.code, 2);
  t.regex(JSON.parse(wrong.stderr).error.message, /BROKER_PROJECT is needed/);
  t.deepEqual(await readdir(dir), ['bootbroker']);
});
