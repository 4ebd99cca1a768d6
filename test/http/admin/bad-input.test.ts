import anyTest, { type TestFn } from 'ava';
import { addMachine } from '../../support/broker.ts';
import { type Answered, say } from '../../support/http.ts';
import { problem, type Site, startSite } from '../site.ts';

const test = anyTest as TestFn<Site>;
let site: Site;
test.before(async () => {
  site = await startSite();
});
test.after.always(() => site?.close());

const ofProblem = ({ status, json }: Answered) => [status, json.type];
const badInput = [400, problem('bad-input')];

/** Sends a body as it is. */
function post(path: string, body: string | Uint8Array, headers: Record<string, string> = {}) {
  return site.admin(`/api/v1/${path}`, undefined, { method: 'POST', body, headers });
}

/** Each makes something, and takes it. */
const valid = {
  machines: () => ({ serial: `SN ${Math.random()}` }),
  uploads: () => ({
    kind: 'file',
    name: 'f',
    version: String(Math.random()),
    arch: 'x86_64',
    size: 1,
    crc32c: 'AAAAAA==',
  }),
  profiles: () => ({ name: 'p', kernel: 'debian@12' }),
};

test('fields that nobody knows are refused wherever they stand, and named', async (t) => {
  for (const [path, body] of Object.entries(valid)) {
    t.is((await post(path, JSON.stringify(body()))).status, 201, path);
    const refused = await post(path, JSON.stringify({ ...body(), colour: 'red' }));
    t.deepEqual(ofProblem(refused), badInput, path);
    t.regex(refused.json.detail, /colour/);
  }
  const nested = { serial: 'S', hardware: { cpus: [{ model: 'x', colour: 'red' }] } };
  const refused = await post('machines', JSON.stringify(nested));
  t.deepEqual(ofProblem(refused), badInput);
  t.regex(refused.json.detail, /body\.hardware\.cpus\.0.*colour/);
  for (const path of ['machines', 'assets', 'profiles', 'boots', 'explain'])
    t.deepEqual(ofProblem(await site.admin(`/api/v1/${path}?colour=red`)), badInput, path);
});

test('values of another type are refused: nothing is taken for what it looks like', async (t) => {
  for (const [path, changes] of [
    [
      'machines',
      [{ macs: '52:54:00:00:00:01' }, { macs: [1] }, { serial: 7 }, { labels: [] }, { hardware: null }],
    ],
    ['machines', [{ labels: { a: 1 } }, { networks: {} }, { hardware: { memory: '1' } }, { name: true }]],
    ['uploads', [{ size: '1' }, { size: 1.5 }, { size: -1 }, { size: 0 }, { kind: ['file'] }, { crc32c: 0 }]],
    ['profiles', [{ initrds: 'debian@12' }, { kernel: ['debian@12'] }, { cmdline: 1 }, { metadata: [] }]],
  ] as const)
    for (const change of changes) {
      const body = JSON.stringify({ ...valid[path](), ...change });
      t.deepEqual(ofProblem(await post(path, body)), badInput, body);
    }
  for (const body of ['[]', 'null', '1', '"x"', 'true'])
    for (const path of Object.keys(valid)) t.deepEqual(ofProblem(await post(path, body)), badInput, body);
});

test('what is too long, too much or too deep is refused', async (t) => {
  const many = (count: number) => Array.from({ length: count }, (_, n) => n);
  const macOf = (n: number) => `52:54:01:00:00:${n.toString(16).padStart(2, '0')}`;
  const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);
  for (const [path, change, fits] of [
    ['machines', { name: 'n'.repeat(129) }, { name: 'n'.repeat(128) }],
    ['machines', { serial: 's'.repeat(129) }, { serial: 's'.repeat(128) }],
    ['machines', { macs: many(33).map(macOf) }, { macs: many(32).map(macOf) }],
    ['machines', { networks: many(65).map((n) => `10.${n}.0.0/16`) }, { networks: ['10.0.0.0/8'] }],
    ['machines', { labels: { a: 'x'.repeat(257) } }, { labels: { a: 'x'.repeat(256) } }],
    [
      'machines',
      { labels: Object.fromEntries(many(65).map((n) => [`l${n}`, ''])) },
      { labels: Object.fromEntries(many(64).map((n) => [`l${n}`, ''])) },
    ],
    [
      'machines',
      { hardware: { drives: many(257).map(() => ({})) } },
      { hardware: { drives: many(256).map(() => ({})) } },
    ],
    ['uploads', { size: 5 * 2 ** 40 + 1 }, { size: 5 * 2 ** 40 }],
    ['uploads', { version: 'v'.repeat(129) }, { version: 'v'.repeat(128) }],
    ['profiles', { cmdline: 'x'.repeat(2048) }, { cmdline: 'x'.repeat(2047) }],
    ['profiles', { initrds: many(65).map(() => 'debian@12') }, { initrds: many(64).map(() => 'debian@12') }],
    ['profiles', { metadata: { a: 'x'.repeat(65_536) } }, { metadata: { a: 'x'.repeat(65_000) } }],
    ['profiles', { metadata: { a: deep(33) } }, { metadata: { a: deep(32) } }],
    ['profiles', { metadata: { ['k'.repeat(129)]: 1 } }, { metadata: { ['k'.repeat(128)]: 1 } }],
  ] as const) {
    const send = (changed: object) => post(path, JSON.stringify({ ...valid[path](), ...changed }));
    const what = JSON.stringify(change).slice(0, 80);
    t.deepEqual(ofProblem(await send(change)), badInput, what);
    const answered = await send(fits);
    t.is(answered.status, 201, `${JSON.stringify(fits).slice(0, 80)} ${answered.text.slice(0, 500)}`);
  }
});

test('JSON that could be read in two ways is read in none', async (t) => {
  for (const body of [
    '{"serial":"a","serial":"b"}',
    '{"serial":"a","\\u0073erial":"b"}',
    '{"serial":"a","labels":{"x":"1","x":"1"}}',
    '{"serial":"a","labels":{"__proto__":"x"}}',
    '{"serial":"a","__proto__":{"name":"x"}}',
    '{"serial":"a","hardware":{"memory":1e999}}',
    '{"serial":"a","hardware":{"memory":9007199254740993}}',
    '{"serial":"a","labels":{"x":"\\ud800"}}',
    '\ufeff{"serial":"a"}',
    '{"serial":"a"} {}',
    '{"serial":"a",}',
    "{'serial':'a'}",
    '// x\n{"serial":"a"}',
  ])
    t.deepEqual(ofProblem(await post('machines', body)), badInput, body);
  for (const bytes of [[0x80], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xe2, 0x82]]) {
    const body = Buffer.concat([
      Buffer.from('{"serial":"a","labels":{"x":"'),
      Buffer.from(bytes),
      Buffer.from('"}}'),
    ]);
    const refused = await post('machines', body);
    t.deepEqual(ofProblem(refused), badInput, bytes.join());
    t.regex(refused.json.detail, /UTF-8/);
  }
  const utf16 = Buffer.from('\ufeff{"serial":"a"}', 'utf16le');
  t.deepEqual(ofProblem(await post('machines', utf16)), badInput);
});

test('only JSON as it is, in UTF-8, is read', async (t) => {
  const unsupported = [415, problem('unsupported-media-type')];
  const body = JSON.stringify({ serial: 'a' });
  for (const type of [
    'text/json',
    'application/json, text/plain',
    'application/x-www-form-urlencoded',
    'application/json; charset=latin1',
    'application/json;charset="utf-16"',
    'application/merge-patch+json',
    'application/problem+json',
  ])
    t.deepEqual(ofProblem(await post('machines', body, { 'Content-Type': type })), unsupported, type);
  for (const encoding of ['gzip', 'br', 'deflate', 'identity, gzip', 'x']) {
    const refused = await post('machines', body, { 'Content-Encoding': encoding });
    t.deepEqual(ofProblem(refused), unsupported, encoding);
    t.is(refused.headers['accept-encoding'], 'identity');
  }
  const type = 'Application/JSON; Charset="UTF-8"';
  const taken = await post('machines', JSON.stringify(valid.machines()), {
    'Content-Type': type,
    'Content-Encoding': 'identity',
  });
  t.is(taken.status, 201);
});

test('ten megabytes are refused before they are read', async (t) => {
  const { adminToken } = site.parts;
  const head = `POST /api/v1/machines HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${adminToken}\r\nContent-Type: application/json\r\nConnection: close\r\n`;
  // Not a byte of it is sent: an answer comes only from who does not wait for it.
  const announced = await say(site.adminPort, `${head}Content-Length: 10000000\r\n\r\n`);
  t.regex(announced, /^HTTP\/1\.1 413 /);
  t.true(announced.includes(problem('body-too-large')));
  const sent = await post('machines', Buffer.alloc(10_000_000, 'x'));
  t.deepEqual(ofProblem(sent), [413, problem('body-too-large')]);
  const chunk = `100000\r\n${'x'.repeat(0x100000)}\r\n`;
  const chunked = await say(site.adminPort, `${head}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(2)}`);
  t.regex(chunked, /^HTTP\/1\.1 413 /);
});

test('a cursor of another time, another list or nobody is an error, never a wrong page', async (t) => {
  const { id } = await addMachine(site, { serial: 'cursor 1' });
  await addMachine(site, { serial: 'cursor 2' });
  const { next } = (await site.admin('/api/v1/machines?limit=1')).json;
  t.is(typeof next, 'string');
  for (const cursor of [
    `${next}x`,
    next.slice(1),
    id,
    `${next}=`,
    '%00',
    '..',
    'x'.repeat(513),
    '%F0%9F%98%80',
  ])
    for (const list of ['machines', 'assets', 'profiles', 'boots'])
      t.deepEqual(
        ofProblem(await site.admin(`/api/v1/${list}?cursor=${cursor}`)),
        badInput,
        `${list} ${cursor}`,
      );
  for (const list of ['assets', 'profiles', 'boots']) {
    const { status } = await site.admin(`/api/v1/${list}?cursor=${next}`);
    t.true(status === 200 || status === 400, `${list} ${status}`);
  }
});

test('ids that no machine, asset, profile or upload has are unknown, whatever they look like', async (t) => {
  for (const id of ['x', '__x__', '__.__', 'a'.repeat(1600), '-', 'a:b', '%41', '0'])
    for (const [path, name] of [
      ['machines', 'unknown-machine'],
      ['assets', 'unknown-asset'],
      ['profiles', 'unknown-profile'],
    ] as const)
      t.deepEqual(
        ofProblem(await site.admin(`/api/v1/${path}/${id}`)),
        [404, problem(name)],
        `${path} ${id}`,
      );
  for (const id of ['..', '%2e%2e', '%00', 'a%2Fb%2f', '%zz', 'é'])
    t.true((await site.admin(`/api/v1/machines/${encodeURI(id)}`)).status >= 400, id);
});
