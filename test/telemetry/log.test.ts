import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { scrub } from '../../src/telemetry/log.ts';

test('what opens something is taken out of a text, whatever stands around it', (t) => {
  const url = 'http://s/b/o?X-Goog-Credential=A%2Fb&X-Goog-Expires=300&X-Goog-Signature=0aff&generation=1';
  t.is(scrub(url), 'http://s/b/o?X-Goog-Credential=...&X-Goog-Expires=300&X-Goog-Signature=...&generation=1');
  t.is(scrub('PUT http://s/b/o?upload_id=ABC-_1 failed'), 'PUT http://s/b/o?upload_id=... failed');
  t.is(scrub('location: "http://s/?x-goog-signature=0aff"'), 'location: "http://s/?x-goog-signature=..."');
  t.is(scrub('next=http%3A%2F%2Fs%2F%3Fupload_id%3DABC'), 'next=http%3A%2F%2Fs%2F%3Fupload_id%3D...');
  t.is(scrub(`/bb_${'0a'.repeat(16)}_${'ff'.repeat(32)} x`), `/bb_${'0a'.repeat(16)}_... x`);
  t.is(
    scrub('Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln, ?access_token=x'),
    'Bearer eyJ..., ?access_token=...',
  );
  t.is(scrub('an upload_id is fine'), 'an upload_id is fine');
  t.is(
    scrub('X-Accel-Redirect: /_storage/17/b/assets/u/k?generation=17&X-Goog-Signature=0aff'),
    'X-Accel-Redirect: /_storage/17/b/assets/u/k?generation=17&X-Goog-Signature=...',
  );
  t.is(
    scrub('x-boot-edge: v1;kid=a;aud=boot;t=1;addr=::1;hw=;can=cache,follow;mac=AB-_9, mac=52:54:00'),
    'x-boot-edge: v1;kid=a;aud=boot;t=1;addr=::1;hw=;can=cache,follow;mac=..., mac=52:54:00',
  );
});

test('a line is JSON with its level and time, and errors in it are scrubbed as well', async (t) => {
  const code = `
    import { openLog } from ${JSON.stringify(join(import.meta.dirname, '../../src/telemetry/log.ts'))};
    const log = openLog('info');
    log.debug({}, 'too low');
    log.info({ url: 'http://s/?X-Goog-Signature=secret', n: 1 }, 'hello');
    log.error({ error: new TypeError('GET http://s/?upload_id=secret broke', { cause: new Error('?upload_id=secret') }) }, 'fault');
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
    error: { type: 'TypeError', message: 'GET http://s/?upload_id=... broke' },
  });
  t.regex(fault.error.stack, /^TypeError/);
  t.regex(fault.stack_trace, /^TypeError: GET .*\n +at /); // Error Reporting
  t.false('stack_trace' in hello);
});
