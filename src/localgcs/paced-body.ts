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
  const body: AsyncIterator<Buffer> = request.iterator({ destroyOnReturn: false });
  let bytes = 0;
  // That our own disk is slow is not the client's fault: time counts while we wait for it, and so no timer outlives that.
  let waitedMs = 0;
  try {
    for (;;) {
      const began = performance.now();
      const look = setTimeout(() => void (bytes < least && request.destroy()), windowMs - waitedMs);
      const next = await body.next().finally(() => clearTimeout(look));
      if (next.done) return;
      waitedMs += performance.now() - began;
      if (waitedMs >= windowMs) [waitedMs, bytes] = [0, 0];
      bytes += next.value.length;
      yield next.value;
    }
  } finally {
    await body.return?.();
  }
}
