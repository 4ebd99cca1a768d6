import { mkdir, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { BUCKET, bytes, storage } from './support.ts';

/** What becomes of a file on the disk, and how the storage answers then. */
const losses: Readonly<
  Record<string, { status: number; code: string; says: RegExp; lose(file: string): Promise<void> }>
> = {
  missing: {
    status: 404,
    code: 'NoSuchKey',
    says: /are gone: files\/\S+ is missing\. Restore/,
    lose: (file) => rm(file),
  },
  'cut short': {
    status: 500,
    code: 'DamagedObject',
    says: /has 999 bytes instead of 1000/,
    lose: (file) => truncate(file, 999),
  },
  emptied: {
    status: 500,
    code: 'DamagedObject',
    says: /has 0 bytes instead of 1000/,
    lose: (file) => truncate(file, 0),
  },
  'too long': {
    status: 500,
    code: 'DamagedObject',
    says: /has 1001 bytes/,
    lose: (file) => writeFile(file, '!', { flag: 'a' }),
  },
  'no file': {
    status: 500,
    code: 'DamagedObject',
    says: /is no file/,
    async lose(file) {
      await rm(file);
      await mkdir(file);
    },
  },
};

async function losing(t: ExecutionContext) {
  const storing = await storage(t);
  await storing.put('kernel', bytes(1000));
  const folder = join(storing.dataDir, 'files');
  const [file = ''] = await readdir(folder);
  return { ...storing, file: join(folder, file) };
}

for (const [how, { status, code, says, lose }] of Object.entries(losses)) {
  test(`an object whose file is ${how} is an error at once: GET, HEAD, a range, by every way`, async (t) => {
    const { ask, admin, sign, file, put } = await losing(t);
    await lose(file);
    const url = await sign({ method: 'GET', object: 'kernel' });
    for (const headers of [{}, { range: 'bytes=0-0' }, { range: 'bytes=-1' }]) {
      const got = await ask(url, { headers });
      t.is(got.status, status);
      t.true(got.text.includes(`<Code>${code}</Code>`), got.text);
      t.regex(got.text, says);
      t.is(got.headers['x-goog-generation'], undefined);
    }
    const head = await ask(url, { method: 'HEAD' });
    t.deepEqual([head.status, head.body.length], [status, 0]);
    const o = `/storage/v1/b/${BUCKET}/o`;
    for (const target of [`${o}/kernel?alt=media`, `/download${o}/kernel?alt=media`]) {
      const got = await admin(target);
      t.is(got.status, status);
      t.regex(JSON.parse(got.text).error.message, says);
    }
    await put('other', 'bytes');
    const sourceObjects = [{ name: 'other' }, { name: 'kernel' }];
    const composed = await admin(`${o}/both/compose`, {
      method: 'POST',
      body: JSON.stringify({ sourceObjects }),
    });
    t.is(composed.status, status, composed.text);
    const copied = await admin(`${o}/kernel/rewriteTo/b/${BUCKET}/o/copy`, { method: 'POST', body: '{}' });
    t.is(copied.status, status, copied.text);
    t.is((await admin(`${o}/copy`)).status, 404);
    // The rest goes on, and the object can be written anew.
    t.is((await admin(`/${BUCKET}/other`)).text, 'bytes');
    await put('kernel', 'new');
    t.is((await admin(`/${BUCKET}/kernel`)).text, 'new');
  });
}
