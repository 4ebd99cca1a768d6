import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { command } from './command.ts';
import { json, problem } from './fake-broker.ts';

async function serving(t: ExecutionContext, handle: RequestListener): Promise<string> {
  const server = createServer(handle);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  t.teardown(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a list is fetched page after page, with the token', async (t) => {
  const asked: string[] = [];
  const url = await serving(t, (request, response) => {
    asked.push(`${request.headers.authorization} ${request.url}`);
    const second = request.url?.includes('cursor=two');
    const machine = { id: second ? '2' : '1', name: 'a\u001b[31m', macs: ['m'], labels: { rack: '7' } };
    json(response, 200, { items: [machine], ...(!second && { next: 'two' }) });
  });
  const run = command({ url, token: 'a-token' });
  const { code, stdout } = await run('machine', 'list', '--mac', 'AA-BB');
  t.is(code, 0);
  t.is(
    stdout,
    'NAME         MACS  LABELS  PROFILE REVISION  ID\na\\u{1b}[31m  m     rack=7  -                 1\na\\u{1b}[31m  m     rack=7  -                 2\n',
  );
  t.deepEqual(asked, [
    'Bearer a-token /api/v1/machines?mac=AA-BB',
    'Bearer a-token /api/v1/machines?mac=AA-BB&cursor=two',
  ]);
  t.deepEqual(
    JSON.parse((await run('machine', 'list', '--json')).stdout).items.map(({ id }: { id: string }) => id),
    ['1', '2'],
  );
});

test('a refusal is exit code 1, with the detail and what is wrong with each field', async (t) => {
  const url = await serving(t, (_, response) =>
    problem(response, 400, 'bad-input', {
      detail: 'The request is not valid.\u001b[2J',
      errors: [{ pointer: '#/macs/0', detail: 'must be a MAC' }, { detail: 'too long' }, 'odd', { x: 1 }],
    }),
  );
  const run = command({ url, token: 'a-token' });
  const text = await run('machine', 'add', '--mac', 'x');
  t.is(text.code, 1);
  t.is(text.stdout, '');
  t.is(
    text.stderr,
    'bootbroker: The request is not valid.\\u{1b}[2J\n  #/macs/0: must be a MAC\n  too long\n  odd\n  {"x":1}\n',
  );
  const asJson = await run('machine', 'add', '--mac', 'x', '--json');
  t.is(asJson.code, 1);
  t.like(JSON.parse(asJson.stderr).error, {
    exit_code: 1,
    problem: { type: 'urn:bootbroker:problem:bad-input', status: 400 },
  });
});

test('a broker that fails, is none, or cannot be reached is exit code 3', async (t) => {
  const failing = await serving(t, (_, response) =>
    problem(response, 503, 'store-down', { detail: 'records' }),
  );
  const other = await serving(t, (_, response) => response.writeHead(404).end('<html>nothing</html>'));
  const run = (url: string) => command({ url, token: 'a-token' })('profile', 'list');
  const cases: [string, RegExp][] = [
    [failing, /^bootbroker: the broker failed: records\n$/],
    [other, /answered 404 and no problem document: it is no broker's admin plane/],
    ['http://127.0.0.1:9', /cannot be reached: .*ECONNREFUSED.*; start it with bootbroker serve, or name/],
  ];
  for (const [url, wanted] of cases) {
    const { code, stderr } = await run(url);
    t.is(code, 3);
    t.regex(stderr, wanted);
  }
});

test('without BROKER_ADMIN_TOKEN the token is that of the data folder, and without either the usage is wrong', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'broker-cli-'));
  t.teardown(() => rm(dir, { recursive: true }));
  await mkdir(join(dir, 'data'));
  await writeFile(join(dir, 'data', 'admin-token'), 'from-the-file\n');
  let sent: string | undefined;
  const url = await serving(t, (request, response) => {
    sent = request.headers.authorization;
    json(response, 200, { items: [] });
  });
  t.is((await command({ url, dir })('boots')).code, 0);
  t.is(sent, 'Bearer from-the-file');
  const { code, stderr } = await command({ url, dir })('boots', '--data-dir', join(dir, 'other'));
  t.is(code, 2);
  t.regex(stderr, /there is no token: .*other\/admin-token cannot be read \(ENOENT\)/);
});

test('machine add and profile create send what the flags say, and a MAC stands for its machine', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'broker-cli-'));
  t.teardown(() => rm(dir, { recursive: true }));
  await writeFile(join(dir, 'hardware.json'), '{"memory": 1}');
  const bodies: unknown[] = [];
  const url = await serving(t, async (request, response) => {
    if (request.method === 'GET') return json(response, 200, { items: [{ id: 'm1' }] });
    let body = '';
    for await (const piece of request) body += piece;
    bodies.push(JSON.parse(body));
    json(response, 201, { id: 'new', macs: ['52:54:00:12:34:56'], name: 'debian' });
  });
  const run = command({ url, token: 'a-token' });
  const added = await run(
    ...['machine', 'add', '--mac', '52:54:00:12:34:56', '--mac', '52:54:00:12:34:57', '--label', 'rack=7'],
    ...['--label', 'note=a=b', '--network', '10.0.0.0/8', '--hardware', join(dir, 'hardware.json')],
  );
  t.is(added.stdout, 'machine debian is registered: new\n');
  const created = await run(
    ...['profile', 'create', '--name', 'debian', '--machine', '52-54-00-12-34-56', '--kernel', 'a@1'],
    ...['--initrd', 'a@1', '--initrd', 'b@2', '--cmdline', 'quiet x=y', '--metadata', 'owner=me'],
  );
  t.is(created.stdout, 'profile debian has the new revision new; machine m1 boots it from now on\n');
  t.deepEqual(bodies, [
    {
      macs: ['52:54:00:12:34:56', '52:54:00:12:34:57'],
      labels: { rack: '7', note: 'a=b' },
      networks: ['10.0.0.0/8'],
      hardware: { memory: 1 },
    },
    {
      name: 'debian',
      machine_id: 'm1',
      kernel: 'a@1',
      initrds: ['a@1', 'b@2'],
      cmdline: 'quiet x=y',
      metadata: { owner: 'me' },
    },
  ]);
  for (const wrong of [
    ['--label', 'rack'],
    ['--hardware', join(dir, 'none.json')],
  ]) {
    const { code, stderr } = await run('machine', 'add', ...wrong);
    t.is(code, 2);
    t.regex(stderr, /Write KEY=VALUE|Give the path of a JSON file/);
  }
  t.is(bodies.length, 2);
});

test('a MAC that no machine has is refused', async (t) => {
  const url = await serving(t, (_, response) => json(response, 200, { items: [] }));
  const { code, stderr } = await command({ url, token: 'a-token' })('boots', '--machine', '525400123456');
  t.is(code, 1);
  t.regex(stderr, /no machine has the MAC 52:54:00:12:34:56; register it with bootbroker machine add/);
});
