import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';

/** A request as it came. */
export interface Came {
  readonly method: string;
  readonly target: string;
  /** Every field in its order. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** A server of the test's own: it keeps what came. */
export interface Fake {
  readonly origin: string;
  readonly came: readonly Came[];
  /** How it answers from now on. */
  answer: (asked: IncomingMessage, answer: ServerResponse) => void;
}

export async function fakeFor(t: ExecutionContext, answer: RequestListener): Promise<Fake> {
  const came: Came[] = [];
  const server = createServer(async (asked, answer) => {
    const { method = '', url = '', rawHeaders } = asked;
    const fields = rawHeaders.flatMap((name, n) =>
      n % 2 === 0 ? [[name, rawHeaders[n + 1] ?? ''] as const] : [],
    );
    let body = '';
    for await (const chunk of asked) body += chunk;
    came.push({ method, target: url, fields, body });
    fake.answer(asked, answer);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const fake: Fake = { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, came, answer };
  return fake;
}

export const signature = 'a-signature-that-nobody-may-see';

/** A broker's handoff of the object `boot-assets/assets/1/kernel`. */
export function handoff({ generation = '17', object = 'boot-assets/assets/1/kernel', query = '' } = {}) {
  return (_: IncomingMessage, answer: ServerResponse) => {
    const signed = `generation=${generation}&X-Goog-Expires=60${query}&X-Goog-Signature=${signature}`;
    answer.writeHead(200, {
      'X-Accel-Redirect': `/_storage/${generation}/${object}?${signed}`,
      'Content-Type': 'application/efi',
      'Cache-Control': 'private, max-age=31536000, immutable, no-transform',
      'Content-Disposition': 'attachment; filename="kernel"',
      'Content-Length': 0,
    });
    answer.end();
  };
}

export const etag = '"an-etag"';

/** A storage that has these bytes under every name, and answers ranges. */
export function bytesOf(bytes: Buffer, more: Readonly<Record<string, string>> = {}) {
  return (asked: IncomingMessage, answer: ServerResponse) => {
    const [, first = '0', last = ''] = /^bytes=(\d+)-(\d*)$/.exec(asked.headers.range ?? '') ?? [];
    const part = bytes.subarray(Number(first), last ? Number(last) + 1 : undefined);
    answer.writeHead(asked.headers.range ? 206 : 200, {
      'Content-Type': 'application/octet-stream',
      'Content-Length': part.length,
      ...(asked.headers.range && {
        'Content-Range': `bytes ${first}-${Number(first) + part.length - 1}/${bytes.length}`,
      }),
      ETag: etag,
      'Last-Modified': 'Sun, 22 Nov 2026 00:00:00 GMT',
      'Accept-Ranges': 'bytes',
      'Cache-Control': 'public, max-age=3600',
      ...more,
    });
    answer.end(part);
  };
}
