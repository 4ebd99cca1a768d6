import type { IncomingMessage } from 'node:http';

/** What a body must bring in every window while we wait for it. A slow link does; a session that was cut goes on where it was. */
interface Least {
  readonly bytes: number;
  readonly windowMs: number;
}

/** About 1 KB/s. */
const usualLeast: Least = { bytes: 64 * 1024, windowMs: 60_000 };

/** The body of a request, piece by piece. A connection whose body only trickles is cut: it would hold its place for ever. */
export async function* pacedBody(
  request: IncomingMessage,
  { bytes: least, windowMs }: Least = usualLeast,
): AsyncGenerator<Buffer> {
  let bytes = 0;
  // That the disk is slow is not the client's fault.
  let waits = true;
  const look = setInterval(() => {
    if (waits && bytes < least) request.destroy();
    bytes = 0;
  }, windowMs);
  const end = () => clearInterval(look);
  request.once('close', end); // whoever reads may stop in the middle, and not say so
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      waits = false;
      yield chunk;
      waits = true;
    }
  } finally {
    end();
    request.off('close', end);
  }
}
