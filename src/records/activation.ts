import type { Machine } from '../boot/machine.ts';

/** How many activations a machine's history keeps, so that no machine's document grows for ever. */
const historyKept = 100;

/** The machine with its pointer moved to that revision. */
export function activated(machine: Machine, revision: string, at: string): Machine {
  return {
    ...machine,
    active: revision,
    history: [...machine.history, { revision, at }].slice(-historyKept),
    updated_at: at,
  };
}
