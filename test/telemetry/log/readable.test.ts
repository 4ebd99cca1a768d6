import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import test from 'ava';
import { readable } from '../../../src/telemetry/log/readable.ts';
import { command, needing } from '../../support/needs.ts';

const time = '2026-01-02T03:04:05.678Z';
const about = {
  severity: 'INFO',
  time,
  request_id: 'r-1',
  'logging.googleapis.com/trace': 'projects/p/traces/1',
};

test('a request is a line with time, verdict, machine, what it was given and why', (t) => {
  const line = {
    ...{ level: 'info', ...about, plane: 'boot', method: 'GET', path: '/asset/1/kernel', status: 302 },
    ...{ source: '127.0.0.1', ms: 0.8, client: 'ipxe-2', mac: '52:54:00:aa:bb:01', machine: 'm-1' },
    ...{ asset: 'a-1', asset_name: 'kernel debian@12 for x86_64', size: 300_000, bytes: 0, plan: 'redirect' },
    ...{ reason: 'ipxe-2 follows redirects', message: 'request' },
  };
  t.is(
    readable(JSON.stringify(line), false),
    '03:04:05.678 INFO  302 redirect 52:54:00:aa:bb:01 GET /asset/1/kernel, kernel debian@12 for x86_64, ipxe-2 follows redirects 0.8 ms\n',
  );
  t.is(
    readable(JSON.stringify({ ...line, plan: 'refuse', problem: 'unknown-machine', status: 404 }), true),
    '\x1b[90m03:04:05.678\x1b[39m \x1b[32mINFO \x1b[39m \x1b[33m404 unknown-machine\x1b[39m \x1b[36m52:54:00:aa:bb:01\x1b[39m GET /asset/1/kernel, kernel debian@12 for x86_64, ipxe-2 follows redirects \x1b[90m0.8 ms\x1b[39m\n',
  );
});

test('any other line is what it says, and its fields; an error is its message', (t) => {
  const line = {
    ...{
      level: 'warn',
      ...about,
      error: { type: 'Error', message: 'no room', stack: 'Error: no room\n at x' },
    },
    ...{ entry: { machine_id: 'm-1' }, message: 'a boot event could not be written' },
  };
  t.is(
    readable(JSON.stringify(line), false),
    '03:04:05.678 WARN  a boot event could not be written error=no room entry={"machine_id":"m-1"}\n',
  );
});

test('nothing that a machine says steers the terminal, or makes a line of its own', (t) => {
  const line = {
    level: 'info',
    ...about,
    status: 404,
    method: 'GET',
    path: '/\x1b[2J\u202e\n\u009b',
    message: 'request',
  };
  t.regex(
    readable(JSON.stringify(line), false),
    /^[\x20-\x7e]+ GET \/\\u\{1b\}\[2J\\u\{202e\}\\u\{a\}\\u\{9b\} [\x20-\x7e]*\n$/,
  );
});

const withTerminal = needing(command('script'));
const log = JSON.stringify(join(import.meta.dirname, '../../../src/telemetry/log.ts'));

/** What a program that logs one line writes on a terminal. */
function onTerminal(options: string): string {
  const code = `import { openLog } from ${log}; openLog(${options}).info({ n: 1 }, 'hello');`;
  const program = `'${process.execPath}' --input-type=module -e "$CODE"`;
  const env = { PATH: process.env.PATH, TERM: 'xterm-256color', CODE: code };
  return spawnSync('script', ['-qec', program, '/dev/null'], { env, encoding: 'utf8' }).stdout;
}

withTerminal('on a terminal it is text in colours, unless it is to be JSON', (t) => {
  t.regex(
    onTerminal("{ level: 'info' }").replaceAll('\x1b', 'ESC'),
    /^ESC\[90m[\d:.]{12}ESC\[39m ESC\[32mINFO ESC\[39m hello n=1\r?\n$/,
  );
  t.like(JSON.parse(onTerminal("{ level: 'info', format: 'json' }")), {
    severity: 'INFO',
    n: 1,
    message: 'hello',
  });
});

test('where nobody looks it is JSON, unless it is to be text, which has no colours then', (t) => {
  const written = (options: string) =>
    spawnSync(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { openLog } from ${log}; openLog(${options}).info({ n: 1 }, 'hello');`,
      ],
      { encoding: 'utf8' },
    ).stdout;
  t.like(JSON.parse(written("{ level: 'info' }")), { n: 1, message: 'hello' });
  t.regex(written("{ level: 'info', format: 'text' }"), /^[\d:.]{12} INFO {2}hello n=1\n$/);
});
