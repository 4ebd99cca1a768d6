import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';

test('a line is JSON with its level and time, and errors in it are scrubbed as well', async (t) => {
  const code = `
    import { openLog } from ${JSON.stringify(join(import.meta.dirname, '../../src/telemetry/log.ts'))};
    const log = openLog({ level: 'info' });
    log.debug({}, 'too low');
    log.info({ url: 'http://s/?X-Goog-Signature=secret', n: 1 }, 'hello');
    log.error({ error: new TypeError('GET http://s/?upload_id=secret broke', { cause: new Error('?upload_id=secret', { cause: { list: [new RangeError('X-Goog-Signature: secret')] } }) }) }, 'fault with upload_id=secret');
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code]);
  t.false(stdout.includes('secret'));
  const [hello, fault, ...more] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.is(more.length, 0);
  t.like(hello, {
    level: 'info',
    severity: 'INFO',
    message: 'hello',
    url: 'http://s/?X-Goog-Signature=...',
    n: 1,
  });
  t.regex(hello.time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  t.like(fault, {
    level: 'error',
    severity: 'ERROR',
    message: 'fault with upload_id=...',
    error: {
      type: 'TypeError',
      message: 'GET http://s/?upload_id=... broke',
      cause: {
        type: 'Error',
        message: '?upload_id=...',
        cause: { list: [{ type: 'RangeError', message: 'X-Goog-Signature: ...' }] },
      },
    },
  });
  t.regex(fault.error.stack, /^TypeError/);
  t.regex(fault.stack_trace, /^TypeError: GET .*\n +at /); // Error Reporting
  t.false('stack_trace' in hello);
});
