import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';

/** What goes wrong when a download comes to that byte. `503`: it is cut, and so is the next one refused. */
export interface Fault {
  readonly at: number;
  readonly how: 'cut' | 'stall' | '503';
}

/** Stands before a storage and passes everything on, signatures and all, until a fault's turn has come. */
export interface FaultyStorage {
  readonly origin: string;
  /** Origin of the storage behind it. */
  upstream: string;
  /** Ordered by byte; those that have happened are gone. */
  readonly faults: Fault[];
  /** Signed downloads asked for: path and query, and the range. */
  readonly asked: { readonly target: string; readonly range: string | undefined }[];
  /** Every download is answered 503. */
  isDown: boolean;
  close(): Promise<void>;
}

export async function faultyStorage(): Promise<FaultyStorage> {
  const server = createServer((request, response) => void pass(request, response).catch(() => {}));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  let isRefusing = false;

  const pass = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { url: target = '', method, headers } = request;
    const isDownload = target.includes('X-Goog-Signature');
    if (isDownload) faulty.asked.push({ target, range: headers.range });
    const isRefused = isDownload && (faulty.isDown || isRefusing);
    isRefusing = false;
    if (isRefused) {
      response.writeHead(503).end('<Error><Code>ServiceUnavailable</Code></Error>');
      return;
    }
    const forwarded = send(faulty.upstream + target, { method, headers });
    request.pipe(forwarded);
    const [answer] = (await once(forwarded, 'response')) as [IncomingMessage];
    response.writeHead(answer.statusCode ?? 0, answer.headers);
    await pipeline(answer, (chunks) => untilFault(chunks, answer, response), response);
  };

  async function* untilFault(
    chunks: AsyncIterable<Buffer>,
    answer: IncomingMessage,
    response: ServerResponse,
  ) {
    let position = Number(/^bytes (\d+)-/.exec(answer.headers['content-range'] ?? '')?.[1] ?? 0);
    for await (const chunk of chunks) {
      const fault = faulty.faults[0];
      if (!fault || fault.at >= position + chunk.length) {
        yield chunk;
        position += chunk.length;
        continue;
      }
      yield chunk.subarray(0, Math.max(0, fault.at - position));
      faulty.faults.shift();
      isRefusing = fault.how === '503';
      if (fault.how === 'stall') await once(response, 'close');
      throw new Error(fault.how);
    }
  }

  const faulty: FaultyStorage = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    upstream: '',
    faults: [],
    asked: [],
    isDown: false,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return faulty;
}
