import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startLocalgcs } from '../../src/localgcs/localgcs.ts';
import { needing, pythonModule, pythonPath } from '../support/needs.ts';
import { scaled } from '../support/patience.ts';
import { BUCKET, storageOptions, TOKEN, temporaryDirectory } from './support.ts';

const test = needing(pythonModule('google.cloud.storage'));

test("Google's library for Python uploads, reads, composes, copies, lists and batches", async (t) => {
  t.timeout(scaled(300_000));
  const dir = await temporaryDirectory(t);
  const server = await startLocalgcs(storageOptions(join(dir, 'data')));
  t.teardown(() => server.close());
  const { PATH } = process.env;
  const env = {
    PATH,
    PYTHONPATH: pythonPath,
    HOME: dir,
    TOKEN,
    PYTHONDONTWRITEBYTECODE: '1',
    NO_GCE_CHECK: 'true',
  };
  const script = join(import.meta.dirname, 'python-client.py');
  const { stdout } = await promisify(execFile)('python3', [script, server.origin, BUCKET], { env });
  t.is(stdout, 'done\n');
});
