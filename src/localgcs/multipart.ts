import { isUtf8 } from 'node:buffer';
import { isRefusal, type Refusal, refuse } from './refusal.ts';

/** Where the first part of an upload, its metadata, must have ended, in bytes. */
const LARGEST_HEAD = 1024 * 1024;

/** A `multipart/related` upload: what is said about the object, and its bytes, still on their way. */
export interface Multipart {
  readonly metadata: string;
  readonly contentType: string | undefined;
  readonly media: AsyncIterable<Uint8Array>;
}

/**
 * Reads the two parts of RFC 2387 as Google's clients send them. gcloud puts the boundary in single quotes, which
 * by the grammar would be part of it but are not, and ends its lines with LF alone.
 */
export async function readMultipart(
  contentType: string,
  body: AsyncIterable<Uint8Array>,
): Promise<Multipart | Refusal> {
  const boundary = boundaryOf(contentType);
  if (!boundary)
    return refuse('InvalidArgument', 'The Content-Type of a multipart upload names its boundary.');

  const rest = new Rest(body);
  const preamble = await rest.until(`--${boundary}`);
  const line = isRefusal(preamble) ? preamble : await rest.until('\n');
  if (isRefusal(line)) return line;
  const lineBreak = line.endsWith('\r') ? '\r\n' : '\n';
  const delimiter = `${lineBreak}--${boundary}`;
  const first = await rest.until(delimiter);
  if (isRefusal(first)) return first;
  const headers = await rest.until(lineBreak + lineBreak);
  if (isRefusal(headers)) return headers;

  const metadata = `${lineBreak}${first}`;
  const [, type] = /^content-type:\s*(.*?)\s*$/im.exec(headers) ?? [];
  return {
    metadata: metadata.slice(metadata.indexOf(lineBreak + lineBreak)),
    contentType: type,
    media: rest.chunksUntil(delimiter),
  };
}

/** The boundary that the Content-Type of a multipart body names. */
export function boundaryOf(contentType: string): string | undefined {
  const [, ...styles] = /;\s*boundary=(?:"([^"]+)"|'([^']+)'|([^;\s]+))/i.exec(contentType) ?? [];
  return styles.find(Boolean);
}

/** What has not been read yet. */
class Rest {
  readonly #body: AsyncIterator<Uint8Array>;
  #pending: Buffer = Buffer.alloc(0);

  constructor(body: AsyncIterable<Uint8Array>) {
    this.#body = body[Symbol.asyncIterator]();
  }

  /** The text before a mark, which is passed over; all of it in memory. */
  async until(mark: string): Promise<string | Refusal> {
    for (;;) {
      const at = this.#pending.indexOf(mark);
      if (at >= 0) {
        const text = this.#pending.subarray(0, at);
        this.#pending = this.#pending.subarray(at + mark.length);
        if (!isUtf8(text)) return refuse('InvalidArgument', 'The metadata part is not UTF-8.');
        return text.toString();
      }
      if (this.#pending.length > LARGEST_HEAD)
        return refuse('EntityTooLarge', 'The metadata part is too large.');
      if (!(await this.#more())) return refuse('InvalidArgument', 'The multipart upload ends too early.');
    }
  }

  /** Everything before a mark, as it arrives. Throws when the body ends without it. */
  async *chunksUntil(text: string): AsyncGenerator<Uint8Array> {
    const mark = Buffer.from(text);
    for (;;) {
      const at = this.#pending.indexOf(mark);
      if (at >= 0) {
        yield this.#pending.subarray(0, at);
        return;
      }
      // A mark may have begun at the end.
      const certain = Math.max(0, this.#pending.length - mark.length + 1);
      if (certain > 0) yield this.#pending.subarray(0, certain);
      this.#pending = this.#pending.subarray(certain);
      if (!(await this.#more())) throw new UnfinishedMultipart();
    }
  }

  /** False at the body's end. */
  async #more(): Promise<boolean> {
    const { done, value } = await this.#body.next();
    if (!done) this.#pending = Buffer.concat([this.#pending, value]);
    return !done;
  }
}

/** The body ended before its closing boundary: the upload is not complete. */
export class UnfinishedMultipart extends Error {}
