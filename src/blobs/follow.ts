import { type Dispatcher, request } from 'undici';
import type { ByteRange, Followed } from './blobs.ts';

/** EDK2 firmware gives up when it sees no response header for 5 s (PcdHttpIoTimeout), so the storage has less. */
const headersTimeoutMs = 4_000;
/** Without a byte for so long the storage is taken for dead. A paused body, which waits for the client, does not count. */
const bodyTimeoutMs = 30_000;

/** A storage answered a signed URL with something else than the bytes. */
class UnexpectedAnswer extends Error {
  override readonly name = 'UnexpectedAnswer';
  readonly status: number;

  constructor(status: number, body: string) {
    const code = /<Code>([A-Za-z]+)<\/Code>/.exec(body)?.[1];
    super(`the storage answered ${status}${code ? ` ${code}` : ''} to a signed URL`);
    this.status = status;
  }
}

/**
 * Fetches a signed URL. A connection that breaks before any answer is tried once more: a pooled one may have been closed
 * by the storage at that very moment, and GET is idempotent (RFC 9110 section 9.2.2).
 */
export async function follow(
  url: string,
  options: { dispatcher: Dispatcher; range?: ByteRange; signal: AbortSignal },
): Promise<Followed> {
  const { dispatcher, range, signal } = options;
  const ask = () =>
    request(url, {
      dispatcher,
      signal,
      headersTimeout: headersTimeoutMs,
      bodyTimeout: bodyTimeoutMs,
      highWaterMark: 1, // what a slow client has not asked for waits in the storage, not here
      headers: {
        'accept-encoding': 'identity',
        ...(range && { range: `bytes=${range.start}-${range.end}` }),
      },
    });
  const answer = await ask().catch((error: unknown) => {
    // One that said nothing in time has used up the time for both.
    if (signal.aborted || /TIMEOUT/.test(String((error as { code?: unknown }).code))) throw error;
    return ask();
  });
  const expected = range ? 206 : 200;
  if (answer.statusCode !== expected) {
    // Only what is an error explains itself; anything else could be the whole object.
    const isError = answer.statusCode >= 400;
    const explanation = isError ? (await answer.body.text()).slice(0, 2_000) : '';
    if (!isError) answer.body.on('error', () => {}).destroy();
    throw new UnexpectedAnswer(answer.statusCode, explanation);
  }
  return { status: answer.statusCode, headers: answer.headers, body: answer.body };
}
