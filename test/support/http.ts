import { once } from 'node:events';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { within } from './patience.ts';

/** One HTTP answer, whole. */
export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Names as they were spelled on the wire. */
  readonly names: readonly string[];
  readonly body: Buffer;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: what a test reads of it, it asserts
  readonly json: any;
}

export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  readonly userAgent?: string;
  readonly host?: string;
  /** The address to call from. */
  readonly from?: string;
}

/** What was asked, and what came. */
export interface Exchange extends Pick<Answered, 'headers' | 'body'> {
  readonly method: string;
  readonly target: string;
  readonly status: number | undefined;
}

/** By port, who looks at every answer that comes from it. What it throws, whoever asked gets. */
export const watchers = new Map<number, (exchange: Exchange) => void>();

/** Sends a target as it is, on a connection of its own, and follows nothing. Rejects when the answer breaks off. */
export function ask(port: number, target: string, asking: Asking = {}): Promise<Answered> {
  const { method = 'GET', headers = {}, body, userAgent, host = '127.0.0.1', from } = asking;
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host,
        port,
        path: target,
        method,
        headers: { ...(userAgent && { 'User-Agent': userAgent }), ...headers },
        agent: false,
        ...(from && { localAddress: from }),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const whole = Buffer.concat(chunks);
          const text = whole.toString();
          const { statusCode: status, headers } = response;
          try {
            watchers.get(port)?.({ method, target, status, headers, body: whole });
          } catch (error) {
            return reject(error);
          }
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            names: response.rawHeaders.filter((_, n) => n % 2 === 0),
            body: whole,
            text,
            get json() {
              return JSON.parse(text);
            },
          });
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Opens a connection and sends these bytes. It reads no further than its own small buffer until somebody reads from it. */
export async function dial(
  port: number,
  text = '',
  { host = '127.0.0.1', from }: Pick<Asking, 'host' | 'from'> = {},
): Promise<Socket> {
  const socket = connect({ port, host, ...(from && { localAddress: from }) });
  await once(socket, 'connect');
  socket.on('error', () => {}); // that it was reset shows in what did not come
  if (text) socket.write(text);
  return socket;
}

/** All that comes until the other end closes. */
export async function untilClosed(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk) => {
    text += chunk;
  });
  // By itself, not by events.once: that rejects when the other end resets, although what came before it counts.
  if (!socket.closed) await new Promise((resolve) => void socket.once('close', resolve));
  return text;
}

/** Sends these bytes on a connection of their own; resolves to all that comes back until it is closed. */
export async function say(port: number, text: string): Promise<string> {
  return untilClosed(await dial(port, text));
}

/** Waits for something that is bound to come. What has not come after `ms` of an idle machine never will. */
export async function until(condition: () => unknown | Promise<unknown>, ms?: number): Promise<void> {
  let isOver = false;
  const coming = async () => {
    while (!isOver && !(await condition())) await sleep(10);
  };
  await within(String(condition), coming(), ms).finally(() => {
    isOver = true;
  });
}
