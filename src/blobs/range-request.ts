import type { IncomingHttpHeaders } from 'node:http';
import { UnexpectedAnswer } from './unexpected-answer.ts';

/** What is wanted of an object: from one byte to another, both included; or all of it, and then by a request without Range. */
export interface Part {
  readonly generation: string;
  readonly ranged: boolean;
  readonly first: number;
  /** Unknown until an answer has told the size. */
  readonly last: number | undefined;
  /** The size of the whole object, in bytes. */
  readonly size: number | undefined;
}

/** An answer that holds exactly the part. */
export interface PartAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The size of the whole object, in bytes. */
  readonly size: number;
}

/** RFC 9110 section 14.2. */
export function rangeHeader({ first, last }: Part): string {
  return `bytes=${first}-${last ?? ''}`;
}

/**
 * Holds an answer's head to what was asked: status, generation, where it begins and ends, the object's size. Bytes of
 * anything else must never follow those that were sent.
 */
export function checkAnswer(
  part: Part,
  status: number,
  headers: IncomingHttpHeaders,
): PartAnswer | UnexpectedAnswer {
  const wrong = (what: string) => new UnexpectedAnswer(`the storage's answer ${what}`, 'none');
  const expected = part.ranged ? 206 : 200;
  if (status !== expected) return wrong(`is ${status}, not ${expected}`);
  const generation = headers['x-goog-generation'];
  if (generation !== undefined && generation !== part.generation)
    return wrong(`is of generation ${generation}, not ${part.generation}`);
  const size = part.ranged ? sizeOfRange(part, headers) : sizeOfWhole(part, headers);
  if (size === undefined || (part.size !== undefined && size !== part.size))
    return wrong(
      part.ranged
        ? `has Content-Range ${headers['content-range']} to ${rangeHeader(part)} of ${part.size ?? 'any number of'} bytes`
        : `has Content-Length ${headers['content-length']}, not ${part.size ?? 'a number'}`,
    );
  return { status, headers, size };
}

/** Undefined: these are not the bytes that were asked for. RFC 9110 section 14.4. */
function sizeOfRange({ first, last }: Part, headers: IncomingHttpHeaders): number | undefined {
  const [, from, to, of] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers['content-range'] ?? '') ?? [];
  const size = Number(of);
  return Number(from) === first && Number(to) === (last ?? size - 1) ? size : undefined;
}

/** An answer in chunks tells no length: then it is as long as it should be, or that shows at its end. */
function sizeOfWhole({ size }: Part, headers: IncomingHttpHeaders): number | undefined {
  const length = headers['content-length'];
  return length === undefined ? size : Number(length);
}
