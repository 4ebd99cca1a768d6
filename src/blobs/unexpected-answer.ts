/** What may help: the same request later, the same with a fresh signature, nothing. */
export type Remedy = 'later' | 'fresh-url' | 'none';

/** A storage answered a signed URL with something else than the bytes. */
export class UnexpectedAnswer extends Error {
  override readonly name = 'UnexpectedAnswer';
  readonly remedy: Remedy;
  /** It says that the bytes are not there, or not as they were. */
  readonly isLost: boolean;

  constructor(message: string, remedy: Remedy, isLost = false) {
    super(message);
    this.remedy = remedy;
    this.isLost = isLost;
  }
}

/** Reads a storage's error: an XML document with a `Code` (Google: Cloud Storage, XML API, "HTTP status and error codes"). */
export function refusal(status: number, body: string): UnexpectedAnswer {
  const code = /<Code>([A-Za-z]+)<\/Code>/.exec(body)?.[1];
  const isLost = code === 'NoSuchKey' || code === 'DamagedObject';
  const details = isLost ? /<Details>([^<]+)<\/Details>/.exec(body)?.[1] : undefined;
  return new UnexpectedAnswer(
    `the storage answered ${status}${code ? ` ${code}` : ''} to a signed URL${details ? `: ${details}` : adviceFor(status, code)}`,
    remedyFor(status, code),
    isLost,
  );
}

function remedyFor(status: number, code: string | undefined): Remedy {
  // The embedded storage's own word for a disk that has lost them.
  if (code === 'DamagedObject') return 'none';
  if (status >= 500 || status === 408 || status === 429) return 'later';
  if (status === 403 || code === 'ExpiredToken') return 'fresh-url';
  return 'none';
}

function adviceFor(status: number, code: string | undefined): string {
  if (code === 'SignatureDoesNotMatch')
    return '; the signing key must be in force, and BROKER_HMAC_ACCESS_ID and BROKER_HMAC_SECRET of one key';
  if (status !== 403) return '';
  return '; see that the signing key is active (BROKER_HMAC_ACCESS_ID, BROKER_RSA_KEY_FILE) and grant its account roles/storage.objectAdmin on the bucket: bootbroker doctor tries both';
}
