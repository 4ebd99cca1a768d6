import { setTimeout as sleep } from 'node:timers/promises';
import type { Auditor } from '../boot/access/audit.ts';
import type { Upload } from '../boot/asset/upload.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import { abandonUpload, expireUploads } from './abandon.ts';
import { type Collected, type CollectParts, collect, deleteCondemned } from './collect.ts';
import { expireBoots } from './expire-boots.ts';
import { type RolloutParts, rolloutWatch } from './rollouts.ts';
import { openScrubber, type Scrubber, type ScrubParts } from './scrub.ts';
import { snapshotPublisher } from './snapshot.ts';
import { openVerifier, type Verifier } from './verify.ts';

/** Nobody waits for what is verified, expired and deleted over and over. */
const houseEveryMs = 600_000;
/** A verification that is alive says so every two seconds. */
const quietMs = 60_000;
const rolloutsEveryMs = 60_000;
/** Each time the embedded storage is looked through, and what was last read a week ago is read. */
const scrubEveryMs = 600_000;
/** A start has better things to do. */
const afterStartMs = 60_000;

/** All that one process does besides answering. */
export interface Jobs {
  /** What the admin plane has done at once, because somebody asked for it. */
  readonly onDemand: {
    readonly verify: Verifier['verify'];
    readonly look: Scrubber['look'];
    readonly scrub: Scrubber['scrub'];
    readonly abort: (upload: Upload, audit: Auditor) => Promise<boolean>;
    readonly collect: (how: Parameters<typeof collect>[1], audit: Auditor) => Promise<Collected>;
  };
  /** Begins what the jobs role does over and over, in the background, until it is told to stop. */
  begin(stop: AbortSignal): void;
  /** Stops verifications that are under way; they are taken up again at the next start. */
  close(): Promise<void>;
}

export interface JobsParts extends CollectParts, ScrubParts {
  readonly firstStage: string;
  readonly bootsKeepDays: number;
  /** Unset: no snapshots are published. */
  readonly snapshotKey?: (() => Promise<string>) | undefined;
  readonly snapshotSeconds: number;
  readonly metrics: ScrubParts['metrics'] & RolloutParts['metrics'];
  /** Unset: there are no traces. */
  readonly tracing?: Pick<Tracing, 'job'> | undefined;
}

export function openJobs(parts: JobsParts): Jobs {
  const verifier = openVerifier(parts);
  const scrubber = openScrubber(parts);
  return {
    onDemand: {
      verify: verifier.verify,
      look: scrubber.look,
      scrub: scrubber.scrub,
      abort: (upload, audit) => abandonUpload(upload, 'aborted', { ...parts, audit }),
      collect: (how, audit) => collect({ ...parts, audit }, how),
    },
    begin(stop) {
      let isFirst = true; // what is unfinished at the start, nobody works on
      const resume = () => {
        const quiet = isFirst ? 0 : quietMs;
        isFirst = false;
        return verifier.resume(quiet);
      };
      const house = {
        'taking up verifications': resume,
        'expiring uploads': () => expireUploads(parts, stop),
        'deleting outdated boots': () => expireBoots(parts),
        'deleting condemned assets': () => deleteCondemned(parts),
      };
      void repeat(house, houseEveryMs, parts, stop);
      void repeat({ 'watching roll-outs': rolloutWatch(parts) }, rolloutsEveryMs, parts, stop);
      void repeat(
        { 'scrubbing assets': () => scrubber.round(stop) },
        scrubEveryMs,
        parts,
        stop,
        afterStartMs,
      );
      const { snapshotKey: key, snapshotSeconds } = parts;
      if (!key) return;
      const publish = snapshotPublisher({ ...parts, key });
      void repeat({ 'publishing a snapshot of the records': publish }, snapshotSeconds * 1000, parts, stop);
    },
    async close() {
      await Promise.all([verifier.close(), scrubber.close()]);
    },
  };
}

/** Waits, then does all of it in turn, again and again until it is told to stop; what fails is for the next round. */
async function repeat(
  works: Readonly<Record<string, () => Promise<unknown>>>,
  everyMs: number,
  { log, tracing }: Pick<JobsParts, 'log' | 'tracing'>,
  stop: AbortSignal,
  firstMs = 0,
): Promise<void> {
  const rest = (ms: number) => sleep(ms, undefined, { signal: stop, ref: false }).catch(() => {});
  if (firstMs > 0) await rest(firstMs);
  while (!stop.aborted) {
    for (const [what, work] of Object.entries(works)) {
      if (stop.aborted) return;
      await (tracing ? tracing.job(what, work) : work()).catch((error: unknown) => {
        if (!stop.aborted) log.warn({ error }, `${what} failed: the next round tries again`);
      });
    }
    await rest(everyMs);
  }
}
