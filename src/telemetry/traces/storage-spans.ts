import { lru } from '../../lru.ts';
import { parsedTraceparent } from '../trace.ts';
import type { SpanRef } from './late-span.ts';

/** A request that the embedded storage has answered. Crosses from its thread. */
export interface ServedByStorage {
  /** As it came; empty: none did. */
  readonly traceparent: string;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly status: number;
  /** Bytes of the body that it sent. */
  readonly bytes: number;
  /** Whether the client has all of it. */
  readonly complete: boolean;
  /** The socket's other end. */
  readonly address: string;
  /** In ms since 1970. */
  readonly startedAt: number;
  readonly endedAt: number;
}

/** How long after a span was named to the storage, or somebody was sent there, requests belong to it, in ms. */
const belongsForMs = 300_000;

/** How many spans are remembered, of each kind. */
export const mostNamed = 4_096;
/** How many of those that were sent to one object from one address. */
export const mostSent = 8;

interface Sent {
  /** Whom the broker has sent there. */
  readonly client: string;
  readonly span: SpanRef;
  readonly at: number;
}

/**
 * To which span a request to the embedded storage belongs. Anybody can write a `traceparent`: one counts that we have sent to the
 * storage, or have believed, in the last five minutes; who was not told cannot guess the 64 bits of a span's id. Clients that
 * follow a redirect name none: theirs is inferred, where one client alone was sent to that object from that address.
 */
export class StorageCallers {
  readonly #named = lru<number>(mostNamed);
  readonly #sent = lru<readonly Sent[]>(mostNamed);

  /** `traceparent` is on its way to the storage, or has come from somebody who may go there. */
  named(traceparent: string, now = Date.now()): void {
    this.#named.set(keyOf(traceparent), now);
  }

  /** A client was sent to a path of the storage. It may come there by an address of its own, or by that of what is in between. */
  sent(path: string, client: string, peer: string, span: SpanRef, now = Date.now()): void {
    for (const address of new Set([client, peer])) {
      const before = this.#sent.get(`${address} ${path}`) ?? [];
      this.#sent.set(`${address} ${path}`, [...before, { client, span, at: now }].slice(-mostSent));
    }
  }

  /** The span that the request belongs to; undefined: nobody knows. */
  of({
    traceparent,
    path,
    address,
    startedAt,
  }: ServedByStorage): { span: SpanRef; inferred: boolean } | undefined {
    const remote = parsedTraceparent(traceparent);
    const namedAt = this.#named.get(keyOf(traceparent));
    if (remote?.spanId && namedAt !== undefined && startedAt - namedAt <= belongsForMs)
      return { span: { ...remote, spanId: remote.spanId }, inferred: false };
    const sent = (this.#sent.get(`${address.replace(/^::ffff:/, '')} ${path}`) ?? []).filter(
      ({ at }) => startedAt - at <= belongsForMs,
    );
    const [last] = sent.slice(-1);
    return last && sent.every(({ client }) => client === last.client)
      ? { span: last.span, inferred: true }
      : undefined;
  }
}

/** The flags are no part of a span's name. */
function keyOf(traceparent: string): string {
  return traceparent.slice(3, 52);
}

/** What a span says of such a request. */
export function storageSpan({ method, path, status, bytes, complete, address }: ServedByStorage) {
  return {
    name: `${method} object`,
    kind: 'server' as const,
    attributes: {
      'http.request.method': method,
      'url.path': path,
      'http.response.status_code': status,
      'http.response.body.size': bytes,
      'client.address': address,
      'bootbroker.plane': 'storage',
      ...(!complete && { 'bootbroker.hung_up': true }),
    },
    failure: status >= 500 ? `status ${status}` : undefined,
  };
}
