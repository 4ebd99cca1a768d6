import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { readServiceAccountKey } from '../../src/sign/service-account-key.ts';

const email = 'signer@project.iam.gserviceaccount.com';
const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const pkcs1 = pair.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
const publicPem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const encrypted = pair.privateKey
  .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
  .toString();
const account = { type: 'service_account', project_id: 'p', client_email: email, private_key: pem };

async function file(t: ExecutionContext, content: unknown): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'key-test-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const path = join(dir, 'key');
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o600 });
  return path;
}

test('a JSON key says whose it is', async (t) => {
  const key = readServiceAccountKey(await file(t, account));
  t.is(key.email, email);
  t.true(key.privateKey.equals(pair.privateKey));
  t.is(readServiceAccountKey(await file(t, account), email).email, email);
});

test('a PEM is taken for the account that is named beside it', async (t) => {
  for (const text of [pem, pkcs1, `\n${pem}`]) {
    const key = readServiceAccountKey(await file(t, text), email);
    t.is(key.email, email);
    t.true(key.privateKey.equals(pair.privateKey));
  }
});

const refused: readonly (readonly [what: string, content: unknown, message: RegExp, email?: string])[] = [
  ['a PEM without an e-mail', pem, /does not say whose key it is: set BROKER_SERVICE_ACCOUNT/],
  ['the key of somebody else', account, /is the key of signer@.*BROKER_SERVICE_ACCOUNT is other@/, 'other@p'],
  [
    "a person's credentials",
    { type: 'authorized_user', refresh_token: 'hidden' },
    /authorized_user.*BROKER_SIGNER=iam/,
  ],
  ['a federated identity', { type: 'external_account' }, /external_account.*BROKER_SIGNER=iam/],
  ['an impersonated account', { type: 'impersonated_service_account' }, /impersonated.*BROKER_SIGNER=iam/],
  ['JSON of no type', { client_email: email, private_key: pem }, /type undefined/],
  ['a JSON key without a private key', { ...account, private_key: undefined }, /lacks private_key/],
  ['a JSON key without an e-mail', { ...account, client_email: undefined }, /lacks client_email/],
  [
    'a damaged private key',
    { ...account, private_key: pem.replace('MII', 'XXX') },
    /no private key that can be read/,
  ],
  ['a public key', publicPem, /no private key that can be read/, email],
  ['an encrypted key', encrypted, /encrypted/, email],
  ['no JSON', `hidden ${pem}`, /neither PEM nor a JSON key/],
  ['JSON that is no object', '"hidden"', /neither PEM nor a JSON key/],
  ['an empty file', '', /neither PEM nor a JSON key/],
];

for (const [what, content, message, email] of refused)
  test(`refused, saying what to do, and quoting nothing of the file: ${what}`, async (t) => {
    const path = await file(t, content);
    const error = t.throws(() => readServiceAccountKey(path, email), { message });
    t.true(error.message.includes(path));
    t.notRegex(error.message, /hidden|BEGIN|MII/);
  });

test('a file that is not there, or is a folder, is named', (t) => {
  t.throws(() => readServiceAccountKey('/nonexistent/key.json'), {
    message: /\/nonexistent\/key\.json cannot be read: there is no such file/,
  });
  t.throws(() => readServiceAccountKey(tmpdir()), { message: /cannot be read: .*give the path of a file/ });
});

test.serial('a file that the program may not read names the user', async (t) => {
  const path = await file(t, account);
  await chmod(path, 0);
  const user = process.geteuid?.() ?? 0;
  // Nothing is forbidden to root.
  if (user === 0) process.seteuid?.(65_534);
  try {
    t.throws(() => readServiceAccountKey(path), { message: /user \d+ may not read it/ });
  } finally {
    if (user === 0) process.seteuid?.(0);
  }
});
