import { join } from 'node:path';
import { unfinishedUploads } from '../../src/cli/push/unfinished.ts';
import { temporaryFolder } from '../support/child.ts';
import { file, needing } from '../support/needs.ts';

const test = needing(file('/proc/self'));

const upload = {
  upload_id: 'u',
  asset_id: 'a',
  session: 'http://127.0.0.1/session',
  created_at: new Date(0).toISOString(),
};
const later = new Date(60_000);

test('an upload is remembered until it is forgotten, and where nobody can write not at all', async (t) => {
  const here = unfinishedUploads(join(await temporaryFolder(t), 'state', 'bootbroker'));
  await here.keep('key', upload);
  t.deepEqual(await here.find('key', later), upload);
  await here.forget('key');
  t.is(await here.find('key', later), undefined);

  const nowhere = unfinishedUploads('/proc/nope/state');
  await nowhere.keep('key', upload);
  t.is(await nowhere.find('key', later), undefined);
});
