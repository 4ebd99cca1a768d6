import type { ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';

/** INTERNAL_ERROR (RFC 9113 section 7). */
const internalError = 2;

/** The HTTP/2 stream of an answer, if it has one: Koa takes Node's two kinds of response for the same. */
export function streamOf(response: ServerResponse): ServerHttp2Stream | undefined {
  return (response as { readonly stream?: ServerHttp2Stream }).stream;
}

/**
 * Breaks an answer off. In HTTP/1 that ends its connection, in HTTP/2 its stream, by an error in both: an end that looks
 * clean would make firmware start half a kernel.
 */
export function cut(response: ServerResponse): void {
  const stream = streamOf(response);
  if (stream) stream.close(internalError);
  else response.destroy();
}

/** Whether the kernel has all of it. */
export function wentOut(response: ServerResponse): boolean {
  const stream = streamOf(response);
  return response.writableFinished && !stream?.aborted;
}
