import { setTimeout as sleep } from 'node:timers/promises';
import type { CommonParts } from './parts.ts';

/** A store that takes longer is down for whoever asks; probes wait no longer either. */
const patienceMs = 2_000;
/** So long an answer serves whoever asks: strangers ask as often as they like, and the stores pay for it. */
const keptMs = 1_000;

type State = 'ok' | 'down';

/** What a broker needs to be ready: rejects where it is not so. Its name is the field of the answer. */
const facts = {
  records: ({ records }: CommonParts) => records.ping(),
  storage: ({ blobs }: CommonParts) => blobs.ping(),
} satisfies Record<string, (parts: CommonParts) => Promise<void>>;

export const factNames = Object.keys(facts) as readonly (keyof typeof facts)[];

export interface Readiness {
  readonly isReady: boolean;
  readonly states: Readonly<Record<keyof typeof facts, State>>;
  /** Machines boot on: a broker that is taken away for it boots none. */
  readonly isDiskFull: boolean;
}

/** Says whether all is as it must be. However many ask, each store is asked one question at a time, and one a second. */
export function readiness(parts: CommonParts): () => Promise<Readiness> {
  const asks = factNames.map((name) => kept(() => answering(facts[name](parts)), 'down'));
  const disk = kept(async () => (await parts.records.disk?.().catch(() => 'ok' as const)) ?? 'ok', 'ok');
  return async () => {
    const [diskState, ...states] = await Promise.all([disk(), ...asks.map((ask) => ask())]);
    const named = Object.fromEntries(factNames.map((name, n) => [name, states[n]]));
    return {
      isReady: states.every((state) => state === 'ok'),
      states: named as Readiness['states'],
      isDiskFull: diskState === 'full',
    };
  };
}

async function answering(ping: Promise<void>): Promise<State> {
  return ping.then(
    () => 'ok',
    () => 'down',
  );
}

/** One question at a time; its answer is kept from when it came. One that takes too long is `late` for whoever waits. */
function kept<Answer>(ask: () => Promise<Answer>, late: Answer): () => Promise<Answer> {
  let asking: Promise<Answer> | undefined;
  let last: { readonly answer: Answer; readonly until: number } | undefined;
  const question = async () => {
    const answer = await ask();
    last = { answer, until: performance.now() + keptMs };
    asking = undefined;
    return answer;
  };
  return async () => {
    if (last && performance.now() < last.until) return last.answer;
    asking ??= question();
    return Promise.race([asking, sleep(patienceMs, late, { ref: false })]);
  };
}
