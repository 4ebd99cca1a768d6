import test, { type ExecutionContext } from 'ava';
import { callGoogle, type GoogleCall } from '../../src/sign/google-api.ts';
import { fakeServer, googleError, json } from '../support/fake-server.ts';
import { scaled } from '../support/patience.ts';

const patience = { attemptMs: scaled(10_000), totalMs: scaled(30_000), pauseMs: 1 };

async function scene(t: ExecutionContext, more: Partial<GoogleCall> = {}) {
  const server = await fakeServer(t, () => json({ good: true }));
  const call = () =>
    callGoogle({
      doing: 'trying',
      method: 'POST',
      url: `${server.origin}/v1/thing`,
      body: { secret: 'hidden' },
      token: async () => 'hidden-token',
      advice: { 403: 'grant the role', FAILED_PRECONDITION: 'enable it' },
      patience,
      ...more,
    });
  return { server, call };
}

const busy = googleError(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded');
const ill = googleError(500, 'INTERNAL', 'Internal error');

test('429, 500, 503, silence, half an answer and a broken connection are tried again until the answer comes', async (t) => {
  const { server, call } = await scene(t, { patience: { ...patience, attemptMs: scaled(300) } });
  server.faults.push(busy, ill, { status: 503, body: '<html>' }, 'hang', 'stall', 'break');
  const { json, date } = await call();
  t.deepEqual(json, { good: true });
  t.true(date instanceof Date && !Number.isNaN(date.getTime()));
  t.deepEqual(server.faults, []);
  t.true(server.asked.length >= 7);
  for (const { method, url, headers, body } of server.asked) {
    t.is(`${method} ${url}`, 'POST /v1/thing');
    t.is(headers.authorization, 'Bearer hidden-token');
    t.is(body, '{"secret":"hidden"}');
  }
});

for (const [status, name] of [
  [400, 'INVALID_ARGUMENT'],
  [403, 'PERMISSION_DENIED'],
  [404, 'NOT_FOUND'],
] as const)
  test(`${status} is final`, async (t) => {
    const { server, call } = await scene(t);
    server.faults.push(googleError(status, name, 'No.'));
    const error = await t.throwsAsync(call(), {
      name: 'GoogleFault',
      message: /trying: \d+ [A-Z_]+ from 127/,
    });
    t.like(error, { status });
    t.is(server.asked.length, 1);
  });

test('an answer of 200 that is no JSON object is final', async (t) => {
  const { server, call } = await scene(t);
  for (const body of ['', '<html>', '"text"', 'null', '{']) {
    server.faults.push({ status: 200, body });
    await t.throwsAsync(call(), { name: 'GoogleFault', message: /no JSON object/ });
  }
  t.is(server.asked.length, 5);
});

test('a refusal of any shape is understood', async (t) => {
  const { server, call } = await scene(t);
  for (const body of [
    '',
    '[]',
    '{"error":"text"}',
    '{"error":{"details":{}}}',
    '{"error":{"details":[null,1]}}',
  ]) {
    server.faults.push({ status: 403, body });
    await t.throwsAsync(call(), {
      name: 'GoogleFault',
      message: /403 from .*without a reason; grant the role/,
    });
  }
});

test("Google's own reason decides the advice before the status does", async (t) => {
  const { server, call } = await scene(t);
  const told: readonly (readonly [Parameters<typeof googleError>, RegExp])[] = [
    [[403, 'PERMISSION_DENIED', 'No.', { reason: 'IAM_PERMISSION_DENIED' }], /: No\.; grant the role$/],
    [[400, 'FAILED_PRECONDITION', 'Off.'], /: Off\.; enable it$/],
    [[403, 'PERMISSION_DENIED', 'Off.', { reason: 'SERVICE_DISABLED' }], /gcloud services enable 127/],
    [
      [403, 'PERMISSION_DENIED', 'No.', { reason: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT' }],
      /access scope cloud-platform/,
    ],
    [[418, 'TEAPOT', 'No.'], /try again later/],
  ];
  for (const [error, message] of told) {
    server.faults.push(googleError(...error));
    await t.throwsAsync(call(), { message });
  }
});

test('Retry-After is obeyed while there is time, and ends the trying when there is not', async (t) => {
  const { server, call } = await scene(t);
  const after = (seconds: string) =>
    googleError(429, 'RESOURCE_EXHAUSTED', 'Wait.', { headers: { 'retry-after': seconds } });
  server.faults.push(after('1'));
  const from = performance.now();
  await t.notThrowsAsync(call());
  t.true(performance.now() - from >= 990);
  server.faults.push(after('3600'));
  await t.throwsAsync(call(), { message: /429 RESOURCE_EXHAUSTED/ });
  t.is(server.asked.length, 3);
  // No number of seconds: as if it were not there.
  server.faults.push(after('soon'));
  await call();
  t.is(server.asked.length, 5);
});

test('when the time is up the last refusal is told, with the number of attempts', async (t) => {
  const { server, call } = await scene(t, {
    patience: { attemptMs: scaled(2_000), totalMs: scaled(1_500), pauseMs: 50 },
  });
  server.faults.push(...Array(500).fill(busy));
  await t.throwsAsync(call(), { message: /429 RESOURCE_EXHAUSTED from .* \(\d+ attempts\): Quota exceeded/ });
  t.true(server.asked.length > 1 && server.asked.length < 500);
});

test('what Google said is told even if the last attempt was left without an answer', async (t) => {
  const { server, call } = await scene(t, {
    patience: { attemptMs: scaled(2_000), totalMs: scaled(2_000), pauseMs: 1 },
  });
  server.faults.push(busy, 'hang');
  await t.throwsAsync(call(), { message: /429 RESOURCE_EXHAUSTED from .* \(\d+ attempts\): Quota exceeded/ });
});

test('an API that never answers, or is not there, is given up, saying where to look', async (t) => {
  const { server, call } = await scene(t, {
    patience: { attemptMs: scaled(50), totalMs: scaled(200), pauseMs: 5 },
  });
  server.faults.push(...Array(50).fill('hang'));
  const look = /no answer from 127.*Private Google Access/;
  t.like(await t.throwsAsync(call(), { name: 'GoogleFault', message: look }), { status: undefined });
  const nowhere = await scene(t, {
    url: 'http://127.0.0.1:1/',
    patience: { attemptMs: scaled(50), totalMs: scaled(200), pauseMs: 5 },
  });
  await t.throwsAsync(nowhere.call(), { message: look });
});

test('a refused token is asked for anew, once', async (t) => {
  const given: (string | undefined)[] = [];
  const token = async (refused?: string) => {
    given.push(refused);
    return refused ? 'new' : 'old';
  };
  const { server, call } = await scene(t, { token });
  const expired = googleError(401, 'UNAUTHENTICATED', 'Expired.');
  server.faults.push(expired, ill);
  await call();
  t.deepEqual(
    server.asked.map(({ headers }) => headers.authorization),
    ['Bearer old', 'Bearer new', 'Bearer new'],
  );
  t.deepEqual(given, [undefined, 'old', 'old']);
  server.faults.push(expired, expired);
  await t.throwsAsync(call(), { message: /401 UNAUTHENTICATED.*set this machine's clock/ });
});

test('a token that cannot be had, or never comes, is said to be the trouble', async (t) => {
  const none = await scene(t, { token: () => Promise.reject(new Error('no credentials here')) });
  await t.throwsAsync(none.call(), { name: 'GoogleFault', message: 'trying: no credentials here' });
  const never = await scene(t, {
    token: () => new Promise(() => {}),
    patience: { attemptMs: scaled(50), totalMs: scaled(100), pauseMs: 5 },
  });
  await t.throwsAsync(never.call(), { message: /trying: getting an access token took longer than/ });
  t.is(none.server.asked.length + never.server.asked.length, 0);
});

test('no message holds the token or what was sent', async (t) => {
  const { server, call } = await scene(t);
  for (const told of [googleError(403, 'PERMISSION_DENIED', 'No.'), { status: 200, body: '' }]) {
    server.faults.push(told);
    t.notRegex((await t.throwsAsync(call())).message, /hidden/);
  }
});
