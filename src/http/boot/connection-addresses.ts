import type { Socket } from 'node:net';
import { httpOrigin } from '../../boot/network.ts';
import type { Refusal } from '../../boot/problem.ts';
import { type Source, type SourcePolicy, sourceOf } from '../../boot/source.ts';

/** What all requests of one connection have in common: its addresses are read once. */
export class ConnectionAddresses {
  readonly #policy: SourcePolicy;
  readonly #sources = new WeakMap<Socket, Source | Refusal>();
  readonly #origins = new WeakMap<Socket, string>();

  constructor(policy: SourcePolicy) {
    this.#policy = policy;
  }

  /** Who is calling, as `sourceOf` has it: where no proxy speaks for others, the same for each request. */
  source(socket: Socket, forwardedFor: string | undefined): Source | Refusal {
    const known = forwardedFor === undefined ? this.#sources.get(socket) : undefined;
    if (known) return known;
    const source = sourceOf(socket.remoteAddress, forwardedFor, this.#policy);
    if (forwardedFor === undefined) this.#sources.set(socket, source);
    return source;
  }

  /** This end of the connection, as a URL's origin; undefined where it has no address any more. */
  origin(socket: Socket): string | undefined {
    const known = this.#origins.get(socket);
    if (known) return known;
    const origin = httpOrigin(socket.localAddress, socket.localPort);
    if (origin) this.#origins.set(socket, origin);
    return origin;
  }
}
