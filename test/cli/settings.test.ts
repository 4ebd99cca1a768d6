import test from 'ava';
import { command } from './command.ts';

test('config prints every setting as text, Markdown and JSON, and says which are secret', async (t) => {
  const run = command({});
  const text = await run('config');
  t.regex(text.stdout, /^BROKER_LISTEN +--listen +0\.0\.0\.0:8080 +Where machines ask: the boot plane\.$/m);
  t.regex(text.stdout, /BROKER_ADMIN_TOKEN_FILE\.$/m);
  t.is(
    (await run('config', '--markdown')).stdout,
    `| Setting | Flag | Default | What it is |
| --- | --- | --- | --- |
| \`BROKER_LISTEN\` | \`--listen\` | \`0.0.0.0:8080\` | Where machines ask: the boot plane. |
| \`BROKER_ADMIN_TOKEN\` | \`--admin-token\` |  | Bearer token of the admin plane; unset: made once, \\| as it were. Secret; also as a file: BROKER_ADMIN_TOKEN_FILE. |
`,
  );
  const { settings } = JSON.parse((await run('config', '--json')).stdout);
  t.like(settings[0], { name: 'BROKER_LISTEN', default: '0.0.0.0:8080', secret: false });
  t.like(settings[1], { name: 'BROKER_ADMIN_TOKEN', default: null, secret: true });
  t.is((await run('config', '--json', '--markdown')).code, 2);
});

test('serve takes every setting as a flag, and its exit code is that of the broker', async (t) => {
  const served: unknown[] = [];
  const run = command({
    system: {
      serve: async (flags) => {
        served.push(flags);
        return 7;
      },
    },
  });
  t.deepEqual(await run('serve', '--listen', '[::]:80', '--admin-token', 'secret'), {
    code: 7,
    stdout: '',
    stderr: '',
  });
  t.deepEqual(served, [{ BROKER_LISTEN: '[::]:80', BROKER_ADMIN_TOKEN: 'secret' }]);
});

test('mistakes in settings are wrong usage, all together, and nothing is started', async (t) => {
  const mistakes = ['BROKER_LISTEN must be HOST:PORT', 'BROKER_RECORDS must be one of: sqlite'];
  const run = command({
    system: { readSettings: () => ({ mistakes }), serve: async () => t.fail() as never },
  });
  for (const verb of ['serve', 'boots']) {
    const { code, stderr } = await run(verb);
    t.is(code, 2);
    t.is(stderr, `bootbroker: ${mistakes.join('; ')}; bootbroker config shows all settings\n`);
  }
  const { error } = JSON.parse((await run('serve', '--json')).stderr);
  t.is(error.exit_code, 2);
});

test('wrong usage is one line and exit code 2', async (t) => {
  const run = command({});
  t.deepEqual(await run('nonsense'), {
    code: 2,
    stdout: '',
    stderr: "bootbroker: unknown command 'nonsense'; --help shows what it takes\n",
  });
  const missing = await run('asset');
  t.is(missing.code, 2);
  t.regex(missing.stderr, /^Usage: bootbroker asset /);
  t.deepEqual(await run('--version'), { code: 0, stdout: '1.2.3\n', stderr: '' });
});

test('localgcs passes its flags on, says where it is, and ends when the storage fails', async (t) => {
  const started: unknown[] = [];
  const run = command({
    system: {
      startStorage: async (options) => {
        started.push(options);
        const failed = Promise.resolve(new Error('the disk is full'));
        return { origin: 'http://127.0.0.1:8082', failed, close: async () => {} };
      },
    },
  });
  const { code, stdout, stderr } = await run(
    ...['localgcs', '--json', '--bucket', 'one', '--bucket', 'two', '--token-file', 'token'],
    ...['--hmac-access-id', 'GOOG1EXAMPLE'],
  );
  t.deepEqual(started, [
    {
      listen: '127.0.0.1:8082',
      dataDir: undefined,
      buckets: ['one', 'two'],
      tokenFile: 'token',
      hmacAccessId: 'GOOG1EXAMPLE',
    },
  ]);
  t.is(stdout, '{"origin":"http://127.0.0.1:8082"}\n');
  t.is(code, 3);
  t.is(JSON.parse(stderr).error.message, 'the disk is full');
  t.is((await command({})('localgcs')).code, 2);
});
