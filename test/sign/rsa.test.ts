import { createHook } from 'node:async_hooks';
import { generateKeyPairSync, verify } from 'node:crypto';
import test from 'ava';
import { rsaSigner } from '../../src/sign/rsa.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const signer = rsaSigner({ email: 'signer@project.iam.gserviceaccount.com', privateKey });
const scope = { date: '20260101', location: 'auto', service: 'storage', requestType: 'goog4_request' };

test.serial('the event loop never signs: every signature is a job of the thread pool', async (t) => {
  const jobs = new Set<number>();
  let cameBack = 0;
  const hook = createHook({
    init: (id, type) => {
      if (type === 'SIGNREQUEST') jobs.add(id);
    },
    // A job that the event loop does itself never comes back to it.
    before: (id) => {
      if (jobs.has(id)) cameBack++;
    },
  }).enable();
  const signatures = await Promise.all(Array.from({ length: 50 }, (_, n) => signer.sign(`text ${n}`, scope)));
  hook.disable();
  t.is(cameBack, 50);
  for (const [n, signature] of signatures.entries())
    t.true(verify('sha256', Buffer.from(`text ${n}`), publicKey, Buffer.from(signature, 'hex')));
});

test('a signature is lower-case hex of the length of the key', async (t) => {
  t.regex(await signer.sign('text', scope), /^[0-9a-f]{512}$/);
});
