import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import { startLocalgcs } from '../../src/localgcs/localgcs.ts';
import { command, needing } from '../support/needs.ts';
import { scaled } from '../support/patience.ts';
import { BUCKET, bytes, storageOptions, TOKEN, temporaryDirectory } from './support.ts';

const test = needing(command('gcloud'));

/** gcloud with a configuration of its own, which knows nothing but this storage and its token. */
async function world(t: ExecutionContext) {
  const dir = await temporaryDirectory(t);
  const server = await startLocalgcs(storageOptions(join(dir, 'data')));
  t.teardown(() => server.close());
  const tokenFile = join(dir, 'token');
  await writeFile(tokenFile, TOKEN);
  const { PATH = '' } = process.env;
  const env = {
    PATH,
    HOME: dir,
    CLOUDSDK_CONFIG: join(dir, 'gcloud'),
    CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: `${server.origin}/storage/v1/`,
    CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: tokenFile,
    CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
    CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: 'true',
    METADATA_SERVER_DETECTION: 'none',
  };
  const run = promisify(execFile);
  return {
    dir,
    gcloud: async (...args: string[]) => (await run('gcloud', ['storage', ...args], { env })).stdout,
  };
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

test('gcloud storage copies both ways, lists, composes, moves and removes', async (t) => {
  t.timeout(scaled(300_000));
  const { dir, gcloud } = await world(t);
  const bucket = `gs://${BUCKET}`;
  const back = join(dir, 'back');
  await mkdir(back);
  const sizes = { small: 1000, middle: 20_000_000, large: 200_000_000 };
  for (const [name, size] of Object.entries(sizes)) {
    const file = join(dir, name);
    await writeFile(file, bytes(size, size));
    await gcloud('cp', file, `${bucket}/dir/${name}`);
    await gcloud('cp', `${bucket}/dir/${name}`, back);
    t.is(await sha256(join(back, name)), await sha256(file), name);
  }
  const listed = `${bucket}/dir/large\n${bucket}/dir/middle\n${bucket}/dir/small\n`;
  t.is(await gcloud('ls', `${bucket}/dir/`), listed);
  t.is(await gcloud('ls', `${bucket}/**`), listed);
  t.is(await gcloud('ls', bucket), `${bucket}/dir/\n`);

  await gcloud('objects', 'compose', `${bucket}/dir/small`, `${bucket}/dir/middle`, `${bucket}/both`);
  await gcloud('mv', `${bucket}/both`, `${bucket}/moved`);
  await gcloud('cp', `${bucket}/moved`, join(back, 'both'));
  const both = [await readFile(join(dir, 'small')), await readFile(join(dir, 'middle'))];
  t.true((await readFile(join(back, 'both'))).equals(Buffer.concat(both)));

  await gcloud('objects', 'update', `${bucket}/moved`, '--content-type=application/efi');
  const described = JSON.parse(await gcloud('objects', 'describe', `${bucket}/moved`, '--format=json'));
  t.like(described, { name: 'moved', content_type: 'application/efi', size: 20_001_000, component_count: 2 });

  await gcloud('rm', `${bucket}/moved`, `${bucket}/dir/**`);
  t.is(await gcloud('ls', bucket), '');
});
