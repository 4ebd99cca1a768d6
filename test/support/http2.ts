import { once } from 'node:events';
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';
import type { ExecutionContext } from 'ava';
import { dial, watchers } from './http.ts';

/** One HTTP/2 answer, whole. */
export interface Answered2 {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Asking2 {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An HTTP/2 connection in clear, gone when the test is. */
export function session(t: ExecutionContext, port: number): ClientHttp2Session {
  const client = connect(`http://127.0.0.1:${port}`);
  client.on('error', () => {}); // that it was cut shows in what did not come
  t.teardown(() => client.destroy());
  ports.set(client, port);
  return client;
}

/** Where each leads: a session that is gone does not say. */
const ports = new WeakMap<ClientHttp2Session, number>();

/** Rejects when the answer breaks off. */
export async function ask2(
  client: ClientHttp2Session,
  target: string,
  { method = 'GET', headers = {}, body }: Asking2 = {},
): Promise<Answered2> {
  const stream = client.request({ ':method': method, ':path': target, ...headers });
  stream.end(body);
  const [answer] = (await once(stream, 'response')) as [IncomingHttpHeaders & { ':status'?: number }];
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  const answered = { status: answer[':status'], headers: answer, body: Buffer.concat(chunks) };
  watchers.get(ports.get(client) ?? 0)?.({ method, target, ...answered });
  return answered;
}

/** RFC 9113 section 6. */
export const frameType = { data: 0, headers: 1, rstStream: 3, settings: 4, goaway: 7, continuation: 9 };
export const flag = { endStream: 1, endHeaders: 4 };
export const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** A frame as it goes over the wire (RFC 9113 section 4.1). */
export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** Header fields, none indexed (RFC 7541 section 6.2.2). Names and values have fewer than 127 characters. */
export function headerBlock(fields: Readonly<Record<string, string>>): Buffer {
  const text = (value: string) => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
  const lines = Object.entries(fields).map(([name, value]) =>
    Buffer.concat([Buffer.from([0]), text(name), text(value)]),
  );
  return Buffer.concat(lines);
}

export const request = (path: string, fields: Readonly<Record<string, string>> = {}) =>
  headerBlock({ ':method': 'GET', ':scheme': 'http', ':path': path, ':authority': 'a', ...fields });

/** SETTINGS_INITIAL_WINDOW_SIZE, and WINDOW_UPDATE for the connection: nobody waits for us. */
const openWindows = [
  frame(frameType.settings, 0, 0, Buffer.from([0, 4, 0x3f, 0xff, 0xff, 0xff])),
  frame(8, 0, 0, Buffer.from([0x3f, 0xff, 0, 0])),
];

/** A connection on which the test itself writes frames: the preface and our settings are sent. */
export async function dial2(t: ExecutionContext, port: number): Promise<Socket> {
  const socket = await dial(port, preface);
  t.teardown(() => socket.destroy());
  for (const one of openWindows) socket.write(one);
  return socket;
}

/** What comes, frame by frame, until the connection ends. */
export async function* frames(socket: Socket): AsyncGenerator<Frame> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
      const end = 9 + rest.readUIntBE(0, 3);
      yield {
        type: rest.readUInt8(3),
        flags: rest.readUInt8(4),
        stream: rest.readUInt32BE(5) & 0x7fffffff,
        payload: rest.subarray(9, end),
      };
      rest = rest.subarray(end);
    }
  }
}
