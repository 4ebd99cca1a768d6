import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { BUCKET, RSA_EMAIL, rsaKey, storage, temporaryDirectory } from '../localgcs/support.ts';
import { type FakeIam, fakeIam, iamKeyPem } from '../support/fake-iam.ts';
import { fakeMetadata, useMetadata } from '../support/fake-metadata.ts';
import type { Settings } from './support.ts';

export const email = 'broker@project.iam.gserviceaccount.com';
const hmac = { accessId: 'GOOG1EACCESSIDOFTHETESTS', secret: 'hmac-secret-of-the-tests' };
const token = 'an-access-token';

export interface Cloud {
  /** Where the storage is. */
  readonly origin: string;
  readonly iam: FakeIam;
  /** With the embedded records; the signers' own settings must be added. */
  readonly settings: Settings;
  readonly hmac: Settings;
  readonly rsa: Settings;
  readonly iamSigner: Settings;
  /** The names of all objects. */
  objects(): Promise<string[]>;
}

/** As much of Google Cloud as the checks ask, on loopback, for a test that is serial: credentials are found by environment. */
export async function cloudFor(t: ExecutionContext): Promise<Cloud> {
  const iam = await fakeIam(t, email);
  iam.tokens.add(token);
  useMetadata(t, await fakeMetadata(t, email, token));
  const { origin, ask } = await storage(t, {
    token,
    keys: [
      { identity: hmac.accessId, algorithm: 'GOOG4-HMAC-SHA256', secret: hmac.secret },
      { identity: RSA_EMAIL, algorithm: 'GOOG4-RSA-SHA256', publicKeyPem: rsaKey.publicKey },
      { identity: email, algorithm: 'GOOG4-RSA-SHA256', publicKeyPem: iamKeyPem },
    ],
  });
  const dataDir = await temporaryDirectory(t);
  const keyFile = join(dataDir, 'key.json');
  const key = { type: 'service_account', client_email: RSA_EMAIL, private_key: rsaKey.privateKey };
  await writeFile(keyFile, JSON.stringify(key), { mode: 0o600 });
  return {
    origin,
    iam,
    settings: {
      BROKER_STORAGE: 'gcs',
      BROKER_STORAGE_ENDPOINT: origin,
      BROKER_BUCKET: BUCKET,
      BROKER_DATA_DIR: dataDir,
    },
    hmac: {
      BROKER_SIGNER: 'hmac',
      BROKER_HMAC_ACCESS_ID: hmac.accessId,
      BROKER_HMAC_SECRET: hmac.secret,
    },
    rsa: { BROKER_SIGNER: 'rsa', BROKER_RSA_KEY_FILE: keyFile },
    iamSigner: { BROKER_SIGNER: 'iam', BROKER_IAM_ENDPOINT: iam.origin },
    async objects() {
      const authorization = `Bearer ${token}`;
      const { text } = await ask(`/storage/v1/b/${BUCKET}/o`, { headers: { authorization } });
      return (JSON.parse(text).items ?? []).map(({ name }: { name: string }) => name);
    },
  };
}
