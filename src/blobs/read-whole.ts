import type { Dispatcher } from 'undici';
import { refusal } from './unexpected-answer.ts';

/** For all of it. */
const deadlineMs = 20_000;

/** Fetches a small object from a signed URL, once; undefined: there is none. */
export async function readWhole(
  url: string,
  mostBytes: number,
  dispatcher: Dispatcher,
): Promise<Buffer | undefined> {
  const { origin, pathname, search } = new URL(url);
  const { statusCode, body } = await dispatcher.request({
    origin,
    path: pathname + search,
    method: 'GET',
    signal: AbortSignal.timeout(deadlineMs),
  });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > mostBytes) throw new Error(`it has more than ${mostBytes} bytes`); // which ends the transfer too
    chunks.push(chunk);
  }
  const whole = Buffer.concat(chunks);
  if (statusCode === 200) return whole;
  const refused = whole.toString('latin1', 0, 2_000);
  if (statusCode === 404 && refused.includes('<Code>NoSuchKey</Code>')) return undefined;
  throw refusal(statusCode, refused);
}
