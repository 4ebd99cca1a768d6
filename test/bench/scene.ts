import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { gcsBlobs } from '../../src/blobs/gcs.ts';
import { resolved } from '../../src/boot/asset/asset.ts';
import { openSqlite } from '../../src/records/sqlite/sqlite.ts';
import { hmacSigner } from '../../src/sign/hmac.ts';
import { signUrl } from '../../src/sign/v4.ts';
import { asset, machine, revision } from '../records/examples.ts';
import { createMachine, createProfile } from '../records/writing.ts';
import type { BrokerOptions } from './broker.ts';
import { type BufferSize, startNginx } from './nginx.ts';
import type { Server, Workshop } from './workshop.ts';

const bucket = 'boot-assets';
const token = 'the token of the benchmark';
const key = { accessId: 'GOOG1EBENCHMARK', secret: 'the secret of the benchmark' };

/** Bytes in the storage, and what each server calls them. */
export interface Subject {
  readonly size: number;
  readonly sha256: string;
  /** Path and query at the broker: the kernel of a machine's profile. */
  readonly asset: string;
  /** Path and query at the storage, and at nginx before it. */
  readonly signed: string;
}

/** A storage in a process of its own, that holds assets of three sizes which the records know. */
export interface Scene {
  readonly storage: Server;
  readonly large: Subject;
  readonly medium: Subject;
  readonly small: Subject;
  startBroker(): Promise<Server>;
  startNginx(bufferSize?: BufferSize): Promise<Server>;
}

export async function openScene(workshop: Workshop): Promise<Scene> {
  const storage = await workshop.fork(local('storage.ts'), {
    dataDir: join(workshop.folder, 'storage'),
    listen: { host: '127.0.0.1', port: 0 },
    buckets: [bucket],
    token,
    keys: [{ identity: key.accessId, algorithm: 'GOOG4-HMAC-SHA256', secret: key.secret }],
  });
  const options: BrokerOptions = {
    records: join(workshop.folder, 'records.db'),
    endpoint: storage.origin,
    bucket,
    token,
    key,
  };
  return {
    storage,
    large: await push(options, 150_000_000),
    medium: await push(options, 16_000_000),
    small: await push(options, 1_000_000),
    startBroker: () => workshop.fork(local('broker.ts'), options),
    startNginx: (bufferSize = '4k') => startNginx(workshop, storage.origin, bufferSize),
  };
}

/** Puts random bytes into the storage and a machine that boots them into the records. */
async function push({ endpoint, records: path }: BrokerOptions, size: number): Promise<Subject> {
  const content = randomBytes(size);
  const object = `assets/of-${size}-bytes`;
  const answer = await fetch(
    `${endpoint}/upload/storage/v1/b/${bucket}/o?uploadType=media&name=${encodeURIComponent(object)}`,
    {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' },
      body: content,
    },
  );
  if (!answer.ok) throw new Error(`the storage took no object: ${answer.status} ${await answer.text()}`);
  const { generation } = (await answer.json()) as { generation: string };

  const signer = hmacSigner(key);
  const blobs = gcsBlobs({ endpoint, token, bucket, signer, clock: () => new Date() });
  const { lastModified, ...found } = await blobs.digest(
    { bucket, object, generation },
    new AbortController().signal,
  );
  await blobs.close();
  const last_modified = lastModified.toISOString();
  const kernel = resolved(
    asset({ bucket, object, generation, ...found, last_modified, ready_at: last_modified, state: 'ready' }),
  );
  if (!kernel) throw new Error('an asset that is ready does not resolve');
  const booting = machine();
  const profile = revision({ kernel });
  const records = openSqlite(path);
  await createMachine(records, booting);
  await createProfile(records, profile, { machine_id: booting.id, at: last_modified });
  await records.close();

  const url = await signUrl({ method: 'GET', bucket, object, endpoint, query: { generation } }, signer, {
    now: new Date(),
    expiresSeconds: 86_400,
  });
  return {
    size,
    sha256: createHash('sha256').update(content).digest('hex'),
    asset: `/asset/${profile.id}/kernel?machine=${booting.id}`,
    signed: url.slice(endpoint.length),
  };
}

const local = (entry: string) => join(import.meta.dirname, entry);
