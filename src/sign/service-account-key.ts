import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';

export interface ServiceAccountKey {
  readonly email: string;
  readonly privateKey: KeyObject;
}

/**
 * Reads a private key from a file: a service account's JSON key, which is what GOOGLE_APPLICATION_CREDENTIALS points to,
 * or a PEM, which names nobody and so needs `email`. Throws an Error that says what to do about the file.
 */
export function readServiceAccountKey(path: string, email?: string): ServiceAccountKey {
  const text = read(path);
  if (text.trimStart().startsWith('-----BEGIN ')) {
    if (!email)
      throw new Error(
        `${path} is a PEM, which does not say whose key it is: set BROKER_SERVICE_ACCOUNT to the e-mail`,
      );
    return { email, privateKey: privateKeyOf(path, text) };
  }
  const { client_email, private_key } = serviceAccount(path, text);
  if (email && email !== client_email)
    throw new Error(
      `${path} is the key of ${client_email}, but BROKER_SERVICE_ACCOUNT is ${email}: name the same account`,
    );
  return { email: client_email, privateKey: privateKeyOf(path, private_key) };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT'
        ? 'there is no such file: correct the path'
        : code === 'EACCES'
          ? `user ${process.geteuid?.()} may not read it: give it to that user, mode 0400`
          : `${(error as Error).message}: give the path of a file`;
    throw new Error(`The key file ${path} cannot be read: ${why}`, { cause: error });
  }
}

/** The other kinds of credentials (AIP-4110, AIP-4117) hold no private key of a service account. */
function serviceAccount(path: string, text: string): { client_email: string; private_key: string } {
  const { type, client_email, private_key } = parse(path, text);
  if (type !== 'service_account')
    throw new Error(
      `${path} holds credentials of the type ${JSON.stringify(type)}, which cannot sign here: set BROKER_SIGNER=iam, which signs with any credentials that may use the service account, or give a service account's JSON key`,
    );
  if (typeof client_email !== 'string' || typeof private_key !== 'string')
    throw new Error(
      `${path} lacks ${typeof client_email === 'string' ? 'private_key' : 'client_email'}: make a new JSON key (gcloud iam service-accounts keys create)`,
    );
  return { client_email, private_key };
}

function parse(path: string, text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // The parser's message would quote the file, and with it perhaps the key.
  }
  throw new Error(`${path} is neither PEM nor a JSON key: give the file that Google let you download`);
}

function privateKeyOf(path: string, pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw new Error(
      `${path} holds no private key that can be read, only damaged, encrypted or public data: make a new JSON key (gcloud iam service-accounts keys create)`,
    );
  }
}
