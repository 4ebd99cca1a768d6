import type { Machine } from '../machine/machine.ts';
import { maskedText } from '../masked.ts';
import type { ProfileRevision } from '../profile.ts';
import { type Warning, warning } from '../warning.ts';

/** So many words are shown. */
const mostWords = 5;

/** Whether something on the command line looks like a secret. */
export function holdsSecret({ cmdline }: ProfileRevision): boolean {
  return maskedText(cmdline) !== cmdline;
}

/**
 * What is to be said of a command line that holds a secret and goes to whoever says the machine's MAC: a machine that names no
 * networks is believed from everywhere. It names no machine: what is so for a thousand is told once.
 */
export function secretWarnings(
  { networks }: Pick<Machine, 'networks'>,
  revision: ProfileRevision,
): readonly Warning[] {
  if (networks.length > 0 || !holdsSecret(revision)) return [];
  const words = maskedText(revision.cmdline)
    .split(/\s+/)
    .filter((word) => word.includes('***'));
  const shown = words.slice(0, mostWords).join(' ');
  return [
    warning(
      'open-secret',
      `The command line of ${revision.name} holds what looks like a secret (${shown}), and a machine that boots it names no networks: every host that may boot gets it by saying that machine's MAC. Name them: bootbroker machine set MACHINE --network CIDR.`,
    ),
  ];
}
