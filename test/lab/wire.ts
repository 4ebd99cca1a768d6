import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { within } from '../support/patience.ts';
import type { Room } from './room.ts';
import { type Segment, segments } from './segments.ts';

/** A request that crossed the switch, and its answer. */
export interface Exchange {
  /** Whose network card sent it. */
  readonly mac: string;
  /** The port it went to. */
  readonly port: number;
  readonly method: string;
  readonly target: string;
  readonly userAgent: string;
  /** 0 until an answer was seen. */
  status: number;
  /** The answer's header fields by lower-case name. */
  headers: ReadonlyMap<string, string>;
  /** How many bytes of body followed the answer's head. */
  bodyBytes: number;
}

export interface Wire {
  /** Ends the recording and resolves to all that was said, in order. */
  exchanges(): Promise<Exchange[]>;
}

/** Records what machines say over HTTP, where they say it: on the room's switch, with no help from the broker. */
export async function tapWire(room: Room, ports: readonly number[]): Promise<Wire> {
  const recording = join(room.folder, 'wire.pcap');
  const filter = `tcp and (${ports.map((port) => `port ${port}`).join(' or ')})`;
  const flags = ['-i', 'br0', '-s', '4096', '--immediate-mode', '-U', '-Z', 'root', '-w', recording];
  const tcpdump = room.start('tcpdump', [...flags, filter]);
  await within('tcpdump to listen', once(tcpdump.stderr, 'data'));
  return {
    async exchanges() {
      tcpdump.kill('SIGINT');
      await once(tcpdump, 'exit');
      return assemble(segments(readFileSync(recording)), ports);
    },
  };
}

/** Who asked at which port for what, without its query, and how it was answered. */
export function inWords({ userAgent, port, method, target, status }: Exchange): string {
  return [userAgent.split('/')[0], port, method, target.split('?')[0], status].join(' ');
}

/** Puts the segments of each connection together. A machine never sends a request before it has the last one's answer. */
function assemble(recorded: Iterable<Segment>, ports: readonly number[]): Exchange[] {
  const exchanges: Exchange[] = [];
  const latest = new Map<string, Exchange>();
  const expected = new Map<string, number>();
  for (const segment of recorded) {
    const asks = ports.includes(segment.to.port);
    const [machine, server] = asks ? [segment.from, segment.to] : [segment.to, segment.from];
    const connection = `${machine.mac} ${machine.port} ${server.port}`;
    const direction = `${connection} ${asks}`;
    const end = (segment.sequence + segment.bytes) | 0;
    const fresh = (end - (expected.get(direction) ?? segment.sequence)) | 0;
    if (segment.opens) expected.delete(direction);
    // What was sent twice counts once.
    if (segment.opens || segment.bytes === 0 || fresh <= 0) continue;
    expected.set(direction, end);
    const request = asks && /^([A-Z]+) (\S+) HTTP\/1\.[01]\r\n/.exec(segment.text);
    if (request) {
      const [, method = '', target = ''] = request;
      const userAgent = fields(segment.text).get('user-agent') ?? '';
      const { mac } = machine;
      const exchange = {
        mac,
        port: server.port,
        method,
        target,
        userAgent,
        status: 0,
        headers: new Map(),
        bodyBytes: 0,
      };
      exchanges.push(exchange);
      latest.set(connection, exchange);
    }
    const exchange = latest.get(connection);
    if (!asks && exchange) answer(exchange, segment.text, fresh);
  }
  return exchanges;
}

function answer(exchange: Exchange, text: string, bytes: number): void {
  const status = /^HTTP\/1\.1 (\d{3})/.exec(text);
  if (exchange.status !== 0 || !status) {
    exchange.bodyBytes += bytes;
    return;
  }
  exchange.status = Number(status[1]);
  exchange.headers = fields(text);
  exchange.bodyBytes = bytes - (text.indexOf('\r\n\r\n') + 4);
}

function fields(text: string): Map<string, string> {
  const head = text.slice(0, text.indexOf('\r\n\r\n')).split('\r\n').slice(1);
  return new Map(
    head.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.replace(/^[^:]*:\s*/, '')]),
  );
}
