import { lru } from '../../lru.ts';
import { parsedTraceparent } from '../trace.ts';

/** A request that the embedded storage answered, and that named a span. Crosses from its thread. */
export interface ServedByStorage {
  /** As it came. */
  readonly traceparent: string;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly status: number;
  /** Bytes of the body that it sent. */
  readonly bytes: number;
  /** Whether the client has all of it. */
  readonly complete: boolean;
  /** In ms since 1970. */
  readonly startedAt: number;
  readonly endedAt: number;
}

/** How long after a span was named to the storage, or to whoever asks it for us, a request may come that names it. */
const believedForMs = 300_000;

/** How many spans are remembered that the storage may be asked for. */
export const mostNamed = 4_096;

/**
 * Which requests to the embedded storage belong to a trace. Anybody can write a `traceparent`: one counts that we have sent to
 * the storage, or have believed, in the last five minutes. Who was not told cannot guess the 64 bits of a span's id.
 */
export class NamedSpans {
  readonly #named = lru<number>(mostNamed);

  /** `traceparent` is on its way to the storage, or has come from somebody who may go there. */
  note(traceparent: string, now = Date.now()): void {
    this.#named.set(keyOf(traceparent), now);
  }

  isKnown(traceparent: string, now = Date.now()): boolean {
    const at = this.#named.get(keyOf(traceparent));
    return at !== undefined && now - at <= believedForMs;
  }
}

/** The flags are no part of a span's name. */
function keyOf(traceparent: string): string {
  return traceparent.slice(3, 52);
}

/** What a span says of such a request. */
export function storageSpan({ traceparent, method, path, status, bytes, complete }: ServedByStorage) {
  return {
    parent: parsedTraceparent(traceparent),
    name: `${method} object`,
    attributes: {
      'http.request.method': method,
      'url.path': path,
      'http.response.status_code': status,
      'http.response.body.size': bytes,
      'bootbroker.plane': 'storage',
      ...(!complete && { 'bootbroker.hung_up': true }),
    },
    failure: status >= 500 ? `status ${status}` : undefined,
  };
}
