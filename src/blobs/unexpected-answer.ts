/** What may help: the same request later, the same with a fresh signature, nothing. */
export type Remedy = 'later' | 'fresh-url' | 'none';

/** A storage answered a signed URL with something else than the bytes. */
export class UnexpectedAnswer extends Error {
  override readonly name = 'UnexpectedAnswer';
  readonly remedy: Remedy;

  constructor(message: string, remedy: Remedy) {
    super(message);
    this.remedy = remedy;
  }
}

/** Reads a storage's error: an XML document with a `Code` (Google: Cloud Storage, XML API, "HTTP status and error codes"). */
export function refusal(status: number, body: string): UnexpectedAnswer {
  const code = /<Code>([A-Za-z]+)<\/Code>/.exec(body)?.[1];
  return new UnexpectedAnswer(
    `the storage answered ${status}${code ? ` ${code}` : ''} to a signed URL`,
    remedyFor(status, code),
  );
}

function remedyFor(status: number, code: string | undefined): Remedy {
  if (status >= 500 || status === 408 || status === 429) return 'later';
  if (status === 403 || code === 'ExpiredToken') return 'fresh-url';
  return 'none';
}
