import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BUCKET, RSA_EMAIL, rsaKey, storageProcess, temporaryDirectory } from '../localgcs/support.ts';
import { type FakeIam, fakeIam, iamKeyPem } from '../support/fake-iam.ts';
import { fakeMetadata, metadataEnv } from '../support/fake-metadata.ts';
import type { Owner } from '../support/owner.ts';

const email = 'broker@project.iam.gserviceaccount.com';
const hmac = { accessId: 'GOOG1EACCESSIDOFTHETESTS', secret: 'hmac-secret-of-the-tests' };

/** The signers, and whom their URLs name. */
export const identities = { hmac: hmac.accessId, rsa: RSA_EMAIL, iam: email } as const;
export type SignerName = keyof typeof identities;

export type Settings = Readonly<Record<string, string>>;

/** A Google Cloud of one test. */
export interface Cloud {
  /** The environment of a broker that runs on it. */
  readonly settings: (signer: SignerName) => Settings;
  readonly storage: { readonly origin: string };
  readonly iam: FakeIam;
  /** What may appear in no log. */
  readonly secrets: readonly string[];
}

/**
 * Cloud Storage by localgcs in a process of its own, which wants the access token that the metadata server hands out; IAM
 * Credentials; an empty Firestore database on the emulator at `firestore` (host:port).
 */
export async function googleCloud(t: Owner, firestore: string): Promise<Cloud> {
  const dataDir = await temporaryDirectory(t);
  const token = `access-token-${randomUUID()}`;
  const adminToken = `admin-token-${randomUUID()}`;
  const iam = await fakeIam(t, email);
  iam.tokens.add(token);
  const metadata = await fakeMetadata(t, email, token);
  const storage = await storageProcess(t, {
    dataDir,
    listen: { host: '127.0.0.1', port: 0 },
    buckets: [BUCKET],
    token,
    keys: [
      { identity: hmac.accessId, algorithm: 'GOOG4-HMAC-SHA256', secret: hmac.secret },
      { identity: RSA_EMAIL, algorithm: 'GOOG4-RSA-SHA256', publicKeyPem: rsaKey.publicKey },
      { identity: email, algorithm: 'GOOG4-RSA-SHA256', publicKeyPem: iamKeyPem },
    ],
  });
  const keyFile = join(dataDir, 'key.json');
  const key = { type: 'service_account', client_email: RSA_EMAIL, private_key: rsaKey.privateKey };
  await writeFile(keyFile, JSON.stringify(key), { mode: 0o600 });
  const signing: Readonly<Record<SignerName, Settings>> = {
    hmac: { BROKER_HMAC_ACCESS_ID: hmac.accessId, BROKER_HMAC_SECRET: hmac.secret },
    rsa: { BROKER_RSA_KEY_FILE: keyFile },
    iam: { BROKER_IAM_ENDPOINT: iam.origin },
  };
  const common = {
    ...metadataEnv(metadata),
    BROKER_STORAGE: 'gcs',
    BROKER_STORAGE_ENDPOINT: storage.origin,
    BROKER_STORAGE_REENCODED: 'accepted',
    BROKER_BUCKET: BUCKET,
    BROKER_RECORDS: 'firestore',
    BROKER_PROJECT: `test-${randomUUID()}`,
    FIRESTORE_EMULATOR_HOST: firestore,
    BROKER_ADMIN_TOKEN: adminToken,
  };
  return {
    storage,
    iam,
    secrets: [token, adminToken, hmac.secret, rsaKey.privateKey.slice(100, 150)],
    settings: (signer) => ({ ...common, BROKER_SIGNER: signer, ...signing[signer] }),
  };
}
