import test, { type ExecutionContext } from 'ava';
import { readSecret } from '../../src/sign/secret-manager.ts';
import { fakeSecretManager } from '../support/fake-secret-manager.ts';
import { googleError, json } from '../support/fake-server.ts';

const version = 'projects/p-1/secrets/hmac_key/versions/3';

async function scene(t: ExecutionContext) {
  const server = await fakeSecretManager(t, {
    [version]: 'the secret',
    'projects/p-1/secrets/hmac_key/versions/latest': ' with white space\n',
    'projects/p-1/secrets/empty/versions/1': '\n',
  });
  const read = (value: string, token = async () => 'good') =>
    readSecret(value, {
      setting: 'BROKER_HMAC_SECRET',
      token,
      endpoint: server.origin,
      patience: { attemptMs: 10_000, totalMs: 30_000, pauseMs: 1 },
    });
  return { server, read };
}

test('a value that is no name of a secret is the secret, and nobody is asked', async (t) => {
  const { server, read } = await scene(t);
  t.is(await read('literal', () => Promise.reject(new Error('no token here'))), 'literal');
  t.is(server.asked.length, 0);
});

test('a name of a secret is read once, without white space round the secret', async (t) => {
  const { server, read } = await scene(t);
  t.is(await read(`sm://${version}`), 'the secret');
  t.is(server.asked.length, 1);
  t.is(await read('sm://projects/p-1/secrets/hmac_key/versions/latest'), 'with white space');
});

test('what is no full name is refused before anybody is asked', async (t) => {
  const { server, read } = await scene(t);
  for (const value of [
    'sm://',
    'sm://hmac_key',
    'sm://projects/p/secrets/s',
    `sm://${version}/x`,
    `sm://../${version}`,
  ])
    await t.throwsAsync(read(value), {
      message: /BROKER_HMAC_SECRET: sm:.*names no secret: write sm:\/\/projects\//,
    });
  t.is(server.asked.length, 0);
});

const refusals: readonly (readonly [string, ReturnType<typeof googleError>, RegExp])[] = [
  [
    'forbidden',
    googleError(403, 'PERMISSION_DENIED', "Permission 'secretmanager.versions.access' denied"),
    /grant roles\/secretmanager\.secretAccessor on the secret hmac_key/,
  ],
  [
    'disabled',
    googleError(400, 'FAILED_PRECONDITION', `Secret Version [${version}] is in DISABLED state.`),
    /DISABLED state.*gcloud secrets versions enable 3 --secret=hmac_key/,
  ],
  ['damaged', json({ payload: { data: 'AAAA', dataCrc32c: '1' } }), /damaged on its way/],
  ['without a payload', json({ name: version }), /the secret is empty/],
];

for (const [what, told, message] of refusals)
  test(`a secret that is ${what} is an error that says what to do`, async (t) => {
    const { server, read } = await scene(t);
    server.faults.push(told);
    const error = await t.throwsAsync(read(`sm://${version}`), { message });
    t.true(error.message.startsWith(`BROKER_HMAC_SECRET: reading ${version}`));
  });

test('a secret that is missing or empty is an error that says what to do', async (t) => {
  const { read } = await scene(t);
  await t.throwsAsync(read('sm://projects/p-1/secrets/other/versions/1'), {
    message: /404 NOT_FOUND.*correct BROKER_HMAC_SECRET, or add one/,
  });
  await t.throwsAsync(read('sm://projects/p-1/secrets/empty/versions/1'), { message: /the secret is empty/ });
});

test('a Secret Manager that stumbles is asked again', async (t) => {
  const { server, read } = await scene(t);
  server.faults.push(googleError(503, 'UNAVAILABLE', 'Later.'), 'break');
  t.is(await read(`sm://${version}`), 'the secret');
  t.is(server.asked.length, 3);
});
