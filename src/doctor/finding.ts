import { scrub } from '../telemetry/log/scrub.ts';

/** What one check found, as a line says it: what is so, and after a semicolon what to do. */
export interface Finding {
  readonly check: string;
  readonly state: 'pass' | 'fail' | 'skipped';
  readonly text: string;
}

/** How a check ended. One that failed may have found what later checks need all the same. */
export interface Outcome<Found> extends Omit<Finding, 'check'> {
  readonly found?: Found;
}

export const passed = <Found>(text: string, found?: Found): Outcome<Found> => ({
  state: 'pass',
  text,
  ...(found !== undefined && { found }),
});

export const failed = <Found>(text: string, found?: Found): Outcome<Found> => ({
  ...passed(text, found),
  state: 'fail',
});

export const skipped = (text: string): Outcome<never> => ({ state: 'skipped', text });

/**
 * Makes one check and reports it; returns what it found. A fault is a finding too. `keep` hears first of what was found:
 * the reader of the report may go away, and then nothing is returned.
 */
export async function* check<Found>(
  name: string,
  work: () => Outcome<Found> | Promise<Outcome<Found>>,
  keep: (found: Found) => void = () => {},
): AsyncGenerator<Finding, Found | undefined> {
  const outcome = await attempt(work);
  const { state, text, found } = outcome;
  if (found !== undefined) keep(found);
  yield { check: name, state, text: scrub(text) };
  return found;
}

/** A check of something that an earlier one finds; without it there is nothing to check. */
export function having<Needed, Found>(
  needed: Needed | undefined,
  from: string,
  work: (needed: Needed) => Outcome<Found> | Promise<Outcome<Found>>,
): () => Outcome<Found> | Promise<Outcome<Found>> {
  return () => (needed === undefined ? skipped(`nothing to try before ${from} passes`) : work(needed));
}

async function attempt<Found>(work: () => Outcome<Found> | Promise<Outcome<Found>>): Promise<Outcome<Found>> {
  try {
    return await work();
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error));
  }
}
