import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { Writable } from 'node:stream';
import type { BatchPart } from './batch-parts.ts';

const { IncomingMessage, ServerResponse } = process.getBuiltinModule('node:http');

/** What a part cannot say for itself: where the batch came from, and how its body comes. */
const ofTheBatch = ['host', 'origin', 'connection', 'transfer-encoding', 'expect', 'content-length'];

/**
 * Has a request that came inside another answered as if it had come by itself; resolves to the whole answer, in HTTP/1.1. It may do
 * what the one around it may, or else what its own Authorization allows.
 */
export async function answeredWithin(
  around: InstanceType<typeof IncomingMessage>,
  part: BatchPart,
  handle: RequestListener,
): Promise<Buffer> {
  const { host, origin, authorization } = around.headers;
  const own = Object.entries(part.headers).filter(([name]) => !ofTheBatch.includes(name));
  const { remoteAddress, localAddress, localPort } = around.socket;
  const chunks: Buffer[] = [];
  const line = Object.assign(
    new Writable({
      write(chunk: Buffer, _, done) {
        chunks.push(chunk);
        done();
      },
    }),
    { remoteAddress, localAddress, localPort },
  ) as unknown as Socket;

  const request = new IncomingMessage(line);
  request.method = part.method;
  request.url = part.target;
  request.headers = {
    ...(host !== undefined && { host }),
    ...(origin !== undefined && { origin }),
    ...(authorization !== undefined && { authorization }),
    ...Object.fromEntries(own),
    'content-length': String(Buffer.byteLength(part.body)),
  };
  request.rawHeaders = Object.entries(request.headers).flatMap(([name, value]) => [name, String(value)]);
  request.complete = true;
  request.push(part.body);
  request.push(null);

  const response = new ServerResponse(request);
  response.sendDate = false;
  response.assignSocket(line);
  const { promise: finished, resolve, reject } = Promise.withResolvers<void>();
  response.once('finish', resolve).once('error', reject);
  await handle(request, response);
  await finished;
  response.detachSocket(line);
  return Buffer.concat(chunks);
}
