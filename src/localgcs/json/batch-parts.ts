import { isUtf8 } from 'node:buffer';
import { boundaryOf } from '../multipart.ts';
import { type Refusal, refuse } from '../refusal.ts';

/** Cloud Storage, "Sending batch requests". */
const mostParts = 100;

/** One request of a batch. */
export interface BatchPart {
  /** Its Content-ID, by which the client finds the answer. */
  readonly id: string | undefined;
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Reads a `multipart/mixed` body of `application/http` parts. Nothing is carried out unless all of it can be read. */
export function readBatch(contentType: string, body: Buffer): readonly BatchPart[] | Refusal {
  const boundary = /^multipart\/mixed\b/i.test(contentType) ? boundaryOf(contentType) : undefined;
  if (boundary === undefined)
    return refuse('InvalidArgument', 'A batch is multipart/mixed, and its Content-Type names the boundary.');
  if (!isUtf8(body)) return refuse('InvalidArgument', 'The batch is not UTF-8.');
  const [, ...pieces] = `\n${body}`.split(new RegExp(`\\r?\\n--${RegExp.escape(boundary)}`));
  const end = pieces.findIndex((piece) => piece.startsWith('--'));
  if (end < 0) return refuse('InvalidArgument', 'The batch ends without its closing boundary.');
  if (end === 0 || end > mostParts)
    return refuse('InvalidArgument', `A batch has 1 to ${mostParts} requests, not ${end}.`);
  const parts = pieces.slice(0, end).map(partOf);
  const bad = parts.indexOf(undefined);
  return bad < 0
    ? parts.flatMap((part) => part ?? [])
    : refuse('InvalidArgument', `Part ${bad + 1} of the batch is no HTTP request.`);
}

function partOf(piece: string): BatchPart | undefined {
  const [about, request] = cut(piece, /\r?\n\r?\n/);
  const [head, body] = cut(request, /\r?\n\r?\n/);
  const [line, rest] = cut(head.trimStart(), /\r?\n/);
  // Python sends whole URLs, Java paths.
  const [, method, target] =
    /^([A-Z]+) (?:https?:\/\/[^/ ]+)?(\/\S*)(?: HTTP\/1\.[01])?$/.exec(line.trimEnd()) ?? [];
  if (method === undefined || target === undefined) return undefined;
  return { id: fields(about)['content-id'], method, target, headers: fields(rest), body };
}

function cut(text: string, at: RegExp): [before: string, after: string] {
  const found = at.exec(text);
  return found ? [text.slice(0, found.index), text.slice(found.index + found[0].length)] : [text, ''];
}

function fields(lines: string): Record<string, string> {
  const found = lines.matchAll(/^([\w!#$%&'*+.^`|~-]+):[ \t]*([^\r\n]*)/gm);
  return Object.fromEntries(
    [...found].map(([, name = '', value = '']) => [name.toLowerCase(), value.trimEnd()]),
  );
}
