import type { Server, Socket } from 'node:net';
import { onlyAdmitted } from './only-admitted.ts';
import { Pace, type PaceOptions } from './pace.ts';
import { Shares } from './shares.ts';
import { sourceKey } from './source-key.ts';

/** Why a connection was refused, or had to end so that another could come. */
export type Turned = 'source' | 'full' | 'idle' | 'slow';

export interface ConnectionLimits extends PaceOptions {
  /** Connections at once. */
  readonly total: number;
  /** Whether the peer speaks for many clients, so that it is not counted as one. */
  readonly isFront: (socket: Socket) => boolean;
  readonly onTurned: (why: Turned, address: string | undefined) => void;
}

interface Guest {
  readonly socket: Socket;
  readonly address: string | undefined;
  readonly source: string | undefined;
  /** Requests that are under way. */
  requests: number;
  moved(): number;
}

/** Where a connection's guest is kept: what stands round a socket (HTTP/2) passes it on. */
const guestOf = Symbol('guest');
type Known = { [guestOf]?: Guest };

/**
 * The connections of a listener against their limits. One on which nothing is asked has no right to stay: the oldest of them
 * gives way to a newcomer, of the same source where that has its share, else of all. Then whoever moved less than the floor
 * for a minute does, the slowest first.
 */
export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #shares: Shares;
  readonly #pace: Pace<Guest>;
  /** Oldest first. */
  readonly #idle = new Set<Guest>();
  readonly #idleBySource = new Map<string, Set<Guest>>();

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
    this.#shares = new Shares(limits);
    this.#pace = new Pace(limits);
  }

  /** From now on the server takes only connections that have a place. */
  guard(server: Server): void {
    onlyAdmitted(server, (socket) => {
      const isAdmitted = this.#admit(socket);
      if (!isAdmitted) socket.destroy();
      return isAdmitted;
    });
  }

  /** A request has begun on the connection; what it returns is to be called when its answer has ended. */
  begin(socket: Socket): () => void {
    const guest = (socket as Known)[guestOf];
    if (!guest) return () => {};
    guest.requests += 1;
    this.#rest(guest, false);
    return () => {
      guest.requests -= 1;
      if (guest.requests === 0 && !guest.socket.destroyed) this.#rest(guest, true);
    };
  }

  #admit(socket: Socket): boolean {
    const { remoteAddress: address } = socket;
    if (address === undefined) return false; // it has gone already
    const source = this.#limits.isFront(socket) ? undefined : sourceKey(address);
    if (source !== undefined && !this.#shares.allows(source)) {
      const [oldest] = this.#idleBySource.get(source) ?? [];
      if (!this.#makeRoom(oldest, 'idle')) return this.#refuse('source', address);
    }
    if (this.#shares.taken >= this.#shares.total && !this.#makeRoomOfAll())
      return this.#refuse('full', address);
    const moved = () => socket.bytesRead + socket.bytesWritten;
    const guest: Guest = { socket, address, source, requests: 0, moved };
    (socket as Known)[guestOf] = guest;
    this.#shares.add(source);
    this.#pace.begin(guest);
    this.#rest(guest, true);
    socket.once('close', () => this.#leave(guest));
    return true;
  }

  #makeRoomOfAll(): boolean {
    const [oldest] = this.#idle;
    if (this.#makeRoom(oldest, 'idle')) return true;
    const slowest = this.#pace.slowest(({ source }) => source !== undefined);
    return this.#makeRoom(slowest, 'slow');
  }

  #makeRoom(guest: Guest | undefined, why: Turned): boolean {
    if (!guest) return false;
    this.#leave(guest);
    guest.socket.destroy();
    this.#limits.onTurned(why, guest.address);
    return true;
  }

  #refuse(why: Turned, address: string): false {
    this.#limits.onTurned(why, address);
    return false;
  }

  /** Whether nothing is asked on the connection. */
  #rest(guest: Guest, isIdle: boolean): void {
    const { source = '' } = guest;
    if (isIdle) {
      this.#idle.add(guest);
      const own = this.#idleBySource.get(source) ?? new Set();
      this.#idleBySource.set(source, own.add(guest));
    } else if (this.#idle.delete(guest)) {
      const own = this.#idleBySource.get(source);
      own?.delete(guest);
      if (own?.size === 0) this.#idleBySource.delete(source);
    }
  }

  #leave(guest: Guest): void {
    const known = guest.socket as Known;
    if (!known[guestOf]) return;
    delete known[guestOf];
    this.#shares.remove(guest.source);
    this.#pace.end(guest);
    this.#rest(guest, false);
  }
}
