import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import anyTest, { type ExecutionContext } from 'ava';
import { StoreDown } from '../../src/boot/store-down.ts';
import { type FirestoreOptions, openFirestore } from '../../src/records/firestore/firestore.ts';
import type { Records } from '../../src/records/records.ts';
import { startEmulator } from '../support/firestore-emulator.ts';
import { command, needing } from '../support/needs.ts';
import { scaled } from '../support/patience.ts';
import { rejectsEverything } from './every-call.ts';
import { at, bootEntry, machine, macOf, newId } from './examples.ts';
import { createMachine } from './writing.ts';

const withEmulator = needing(command('java'), command('gcloud'));
const patient = { readMs: 60_000, writeMs: 60_000 };

function opened(t: ExecutionContext, emulatorHost: string, options: Partial<FirestoreOptions> = {}): Records {
  const project = `test-${randomUUID()}`;
  const records = openFirestore({ project, emulatorHost, deadlines: patient, ...options });
  t.teardown(() => records.close());
  return records;
}

withEmulator(
  'while the emulator hangs every call is StoreDown in time; killed amid writes it has acknowledged each or failed it; and a new one is found again',
  async (t) => {
    const first = await startEmulator();
    t.teardown(() => first.kill());
    const records = opened(t, first.host);
    const hasty = opened(t, first.host, { deadlines: { readMs: 300, writeMs: 600 } });
    const known = machine();
    await createMachine(records, known);

    first.process.kill('SIGSTOP');
    await rejectsEverything(t, hasty);
    first.process.kill('SIGCONT');
    t.deepEqual(await records.machine(known.id), known);

    const urgent = opened(t, first.host, { deadlines: { readMs: scaled(3000), writeMs: scaled(3000) } });
    const writes = Array.from({ length: 60 }, (_, n) => createMachine(urgent, machine({ macs: [macOf(n)] })));
    await Promise.race(writes);
    await first.kill();
    for (const result of await Promise.allSettled(writes))
      if (result.status === 'rejected') t.true(result.reason instanceof StoreDown, String(result.reason));
      else t.is(result.value, 'written');
    await rejectsEverything(t, hasty);

    const second = await startEmulator(first.port);
    t.teardown(() => second.kill());
    const given = machine({ macs: [macOf(1)] });
    t.is(await createMachine(records, given), 'written');
    t.deepEqual(await records.findMachine({ mac: macOf(1) }), given);
  },
);

/** A Firestore that answers as it is told, and counts how often it is asked. */
async function standIn(
  t: ExecutionContext,
  answer: (response: ServerResponse, asked: number, body: { documents?: string[] }) => void,
) {
  let asked = 0;
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      asked += 1;
      answer(response, asked, JSON.parse(body));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.closeAllConnections());
  t.teardown(() => server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { host: `127.0.0.1:${address.port}`, asked: () => asked };
}

const refusal = (code: number, status: string, message: string) => ({
  code,
  body: JSON.stringify([{ error: { code, status, message } }]),
});

/** A whole answer: none of the documents is there. */
const nothing = (response: ServerResponse, { documents = [] }: { documents?: string[] }) =>
  response.end(JSON.stringify(documents.map((missing) => ({ missing, readTime: at(0) }))));

const permanent = [
  {
    ...refusal(403, 'PERMISSION_DENIED', 'Missing or insufficient permissions.'),
    says: /PERMISSION_DENIED: Missing .* Grant roles\/datastore\.user to the broker's service account/,
  },
  {
    ...refusal(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.'),
    says: /Check GOOGLE_APPLICATION_CREDENTIALS, or the service account/,
  },
  {
    ...refusal(404, 'NOT_FOUND', 'The database (default) does not exist for project p'),
    says: /Create projects\/p\/databases\/\(default\) in native mode, or correct BROKER_PROJECT and BROKER_FIRESTORE_DATABASE/,
  },
  {
    ...refusal(400, 'FAILED_PRECONDITION', 'The query requires an index.'),
    says: /Create the indexes of terraform\/firestore-indexes\.json/,
  },
  { code: 403, body: '<html>Forbidden</html>', says: /PERMISSION_DENIED: HTTP 403 Grant roles/ },
];

for (const { code, body, says } of permanent)
  anyTest(
    `an answer ${code} with ${body.slice(0, 80)} is believed the first time, and the message says what to do`,
    async (t) => {
      const firestore = await standIn(t, (response) => response.writeHead(code).end(body));
      const records = opened(t, firestore.host, { project: 'p' });
      await t.throwsAsync(records.machine('m'), { instanceOf: StoreDown, message: says });
      t.is(firestore.asked(), 1);
    },
  );

const passing: readonly { what: string; fail: (response: ServerResponse) => void }[] = [
  {
    what: 'UNAVAILABLE',
    fail: (response) => response.writeHead(503).end(refusal(503, 'UNAVAILABLE', 'x').body),
  },
  { what: 'ABORTED', fail: (response) => response.writeHead(409).end(refusal(409, 'ABORTED', 'x').body) },
  {
    what: 'RESOURCE_EXHAUSTED',
    fail: (response) => response.writeHead(429).end(refusal(429, 'RESOURCE_EXHAUSTED', 'x').body),
  },
  { what: 'a front end’s 502', fail: (response) => response.writeHead(502).end('<html>') },
  { what: 'an error in mid-answer', fail: (response) => response.end(refusal(14, 'UNAVAILABLE', 'x').body) },
  { what: 'half an answer', fail: (response) => response.end('[{"found": {') },
  { what: 'an answer that does not say what is there', fail: (response) => response.end('[]') },
  { what: 'a cut connection', fail: (response) => response.destroy() },
  {
    what: 'a cut answer',
    fail: (response) => {
      response.writeHead(200, { 'content-length': '100' }).write('[');
      setImmediate(() => response.destroy());
    },
  },
];

for (const { what, fail } of passing)
  anyTest(`after ${what} it is asked again, until the deadline`, async (t) => {
    const firestore = await standIn(t, (response, asked, body) =>
      asked < 3 ? fail(response) : nothing(response, body),
    );
    t.is(await opened(t, firestore.host).machine('m'), undefined);
    await opened(t, firestore.host).addBootEntry(bootEntry());
    t.is(firestore.asked(), 5); // it is read before it is written

    const broken = await standIn(t, fail);
    const records = opened(t, broken.host, { deadlines: { readMs: 2000, writeMs: 2000 } });
    await t.throwsAsync(records.machine('m'), { instanceOf: StoreDown });
    t.true(broken.asked() > 1);
  });

anyTest('a connection that is dead is given up for another one before the deadline', async (t) => {
  const firestore = await standIn(t, (response, asked, body) => {
    if (asked > 1) nothing(response, body);
  });
  const records = opened(t, firestore.host, { deadlines: { readMs: scaled(1000), writeMs: scaled(1000) } });
  t.is(await records.machine('m'), undefined);
  t.is(firestore.asked(), 2);
});

const tokens: readonly { what: string; token?: () => Promise<string>; says: RegExp }[] = [
  { what: 'no token', says: /given neither a token nor an emulator/ },
  {
    what: 'a token that cannot be had',
    token: async () => {
      throw new Error('Could not load the default credentials.');
    },
    says: /there is no access token: Could not load the default credentials\./,
  },
  {
    what: 'a token that does not come',
    token: () => new Promise(() => {}),
    says: /no access token came in time/,
  },
];

for (const { what, token, says } of tokens)
  anyTest(`${what} is StoreDown before Firestore is asked`, async (t) => {
    const records = openFirestore({
      project: 'p',
      ...(token && { token }),
      deadlines: { readMs: scaled(2000), writeMs: scaled(2000) },
    });
    t.teardown(() => records.close());
    await t.throwsAsync(records.machine(newId()), { instanceOf: StoreDown, message: says });
  });
