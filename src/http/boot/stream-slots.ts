import { type Moving, Pace } from '../../bounds/pace.ts';
import { Shares } from '../../bounds/shares.ts';
import { sourceKey } from '../../bounds/source-key.ts';

/** What is known of a transfer while it goes on: who passes the bytes on writes it down. */
export interface Progress {
  bytes: number;
  /** Whether it waits for its reader, and not for the storage. */
  waits: boolean;
}

/** Who asks for a place. */
export interface Streaming {
  readonly address: string;
  /** Whether it is what a machine boots first: firmware does not come back. */
  readonly isFirstStage: boolean;
  /** Ends the transfer at once. */
  readonly giveWay: () => void;
}

/** A place that is taken. */
export interface Place {
  readonly progress: Progress;
  /** Gives the place back; more than once changes nothing. */
  readonly release: () => void;
}

interface Stream extends Moving {
  readonly source: string;
  readonly progress: Progress;
  readonly leave: () => void;
}

interface Limits {
  readonly total: number;
  readonly perSource: number;
  /** Bits per second. */
  readonly floor: number;
  readonly windowMs?: number;
}

/**
 * The places of the transfers under way. As long as there is one, nobody is too slow. When none is left, or none of a source's
 * share, whoever read less than the floor for a minute gives way, the slowest first. A sixteenth is kept for first stages.
 */
export class StreamSlots {
  readonly #shares: Shares;
  readonly #pace: Pace<Stream>;
  /** Places that are kept for first stages; where there are few, none. */
  readonly #kept: number;
  #ordinary = 0;

  constructor(limits: Limits) {
    this.#shares = new Shares(limits);
    this.#pace = new Pace(limits);
    this.#kept = limits.total < 8 ? 0 : Math.max(1, Math.floor(limits.total / 16));
  }

  /** Takes a place; undefined when there is none and nobody has to give way. */
  take({ address, isFirstStage, giveWay }: Streaming): Place | undefined {
    const source = sourceKey(address);
    if (!this.#shares.allows(source) && !this.#makeRoom((stream) => stream.source === source))
      return undefined;
    if (!this.#isRoom(isFirstStage) && !this.#makeRoom(() => true)) return undefined;
    if (!this.#isRoom(isFirstStage)) return undefined;
    const progress: Progress = { bytes: 0, waits: false };
    this.#shares.add(source);
    if (!isFirstStage) this.#ordinary += 1;
    let isTaken = true;
    const release = () => {
      if (!isTaken) return;
      isTaken = false;
      this.#shares.remove(source);
      if (!isFirstStage) this.#ordinary -= 1;
      this.#pace.end(stream);
    };
    const leave = () => {
      release();
      giveWay();
    };
    const stream: Stream = { source, progress, moved: () => progress.bytes, leave };
    this.#pace.begin(stream);
    return { progress, release };
  }

  #isRoom(isFirstStage: boolean): boolean {
    const { taken, total } = this.#shares;
    return taken < total && (isFirstStage || this.#ordinary < total - this.#kept);
  }

  #makeRoom(judges: (stream: Stream) => boolean): boolean {
    const slowest = this.#pace.slowest((stream) => stream.progress.waits && judges(stream));
    slowest?.leave();
    return slowest !== undefined;
  }
}

/** The places that these settings make. */
export function streamSlots(settings: {
  readonly maxStreams: number;
  readonly maxStreamsPerSource: number;
  readonly streamFloor: number;
}): StreamSlots {
  const { maxStreams: total, maxStreamsPerSource: perSource, streamFloor: floor } = settings;
  return new StreamSlots({ total, perSource, floor });
}
