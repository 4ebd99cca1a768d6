import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Owner } from './owner.ts';

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Told {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Instead of the right answer: another one, none for ever, one that stops in its middle, or a connection that breaks. */
export type Fault = Told | 'hang' | 'stall' | 'break';

export interface FakeServer {
  readonly origin: string;
  /** host:port */
  readonly host: string;
  /** Every request so far. */
  readonly asked: Asked[];
  /** What goes wrong with the next requests, one fault each; those after them are answered rightly. */
  readonly faults: Fault[];
  /** How far its clock is ahead, in ms. */
  skewMs: number;
}

/** An HTTP server on loopback that answers as `answer` says, or as its faults say; gone when the test is over. */
export async function fakeServer(t: Owner, answer: (asked: Asked) => Told): Promise<FakeServer> {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { method = '', url = '', headers } = request;
    const asked = { method, url, headers, body };
    fake.asked.push(asked);
    const told = fake.faults.shift() ?? answer(asked);
    if (told === 'hang') return;
    if (told === 'stall') {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{');
      return;
    }
    if (told === 'break') {
      request.destroy();
      return;
    }
    response.writeHead(told.status, {
      'content-type': 'application/json',
      date: new Date(Date.now() + fake.skewMs).toUTCString(),
      ...told.headers,
    });
    response.end(told.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const fake: FakeServer = { origin: `http://${host}`, host, asked: [], faults: [], skewMs: 0 };
  return fake;
}

export function json(value: unknown, headers: Readonly<Record<string, string>> = {}): Told {
  return { status: 200, headers, body: JSON.stringify(value) };
}

/** A refusal as Google's APIs word it (AIP-193). */
export function googleError(
  code: number,
  status: string,
  message: string,
  more: { reason?: string; headers?: Readonly<Record<string, string>> } = {},
): Told {
  const details = more.reason
    ? [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: more.reason }]
    : [];
  return {
    status: code,
    headers: more.headers ?? {},
    body: JSON.stringify({ error: { code, message, status, details } }),
  };
}
