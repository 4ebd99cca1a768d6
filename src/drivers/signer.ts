import { createPublicKey } from 'node:crypto';
import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import type { LocalgcsOptions } from '../localgcs/options.ts';
import { fileSecret } from '../secrets.ts';
import type { GoogleCredentials } from '../sign/google-credentials.ts';
import { hmacSigner } from '../sign/hmac.ts';
import { rsaSigner } from '../sign/rsa.ts';
import { readServiceAccountKey } from '../sign/service-account-key.ts';
import type { Signer } from '../sign/v4.ts';

export interface Signers {
  readonly signer: Signer;
  /** For clients that take only short URLs. */
  readonly shortSigner?: Signer;
}

/** Who signs for Google's Cloud Storage. */
export async function openSigners(
  config: Config,
  google: GoogleCredentials,
  clock: () => Date,
): Promise<Signers> {
  const hmacKey = await configuredHmacKey(config, google);
  const shortSigner = hmacKey && hmacSigner(hmacKey);
  switch (config.signer ?? 'iam') {
    case 'hmac':
      if (!shortSigner) throw new Error('BROKER_HMAC_ACCESS_ID and BROKER_HMAC_SECRET are not set');
      return { signer: shortSigner };
    case 'rsa':
      return { signer: rsaSigner(rsaKey(config)), ...(shortSigner && { shortSigner }) };
    case 'iam': {
      const { iamSigner } = await import('../sign/iam.ts');
      const email = config.serviceAccount ?? (await google.email());
      return {
        signer: iamSigner({ email, token: google.token, clock, endpoint: config.iamEndpoint }),
        ...(shortSigner && { shortSigner }),
      };
    }
  }
}

/** Who signs for the embedded storage, and by which key the storage knows it. Without settings a key is made once. */
export async function openLocalSigner(
  config: Config,
  google: GoogleCredentials,
): Promise<{ signer: Signer; key: LocalgcsOptions['keys'][number] }> {
  if (config.signer === 'rsa') {
    const { email, privateKey } = rsaKey(config);
    const publicKeyPem = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
    return {
      signer: rsaSigner({ email, privateKey }),
      key: { identity: email, algorithm: 'GOOG4-RSA-SHA256', publicKeyPem },
    };
  }
  const { accessId, secret } = (await configuredHmacKey(config, google)) ?? {
    accessId: 'GOOGLOCALBOOTBROKER',
    secret: fileSecret(join(config.dataDir, 'hmac-secret')),
  };
  return {
    signer: hmacSigner({ accessId, secret }),
    key: { identity: accessId, algorithm: 'GOOG4-HMAC-SHA256', secret },
  };
}

async function configuredHmacKey({ hmacAccessId, hmacSecret }: Config, { token }: GoogleCredentials) {
  if (!hmacAccessId || !hmacSecret) return undefined;
  const { readSecret } = await import('../sign/secret-manager.ts');
  return {
    accessId: hmacAccessId,
    secret: await readSecret(hmacSecret, { setting: 'BROKER_HMAC_SECRET', token }),
  };
}

function rsaKey({ rsaKeyFile, serviceAccount }: Config) {
  if (!rsaKeyFile) throw new Error('BROKER_RSA_KEY_FILE is not set');
  try {
    return readServiceAccountKey(rsaKeyFile, serviceAccount);
  } catch (error) {
    const { message } = error as Error;
    throw new Error(`${message}. Look at BROKER_RSA_KEY_FILE, or GOOGLE_APPLICATION_CREDENTIALS without it`, {
      cause: error,
    });
  }
}
