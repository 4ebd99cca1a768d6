import { type Refusal, refuse } from '../../../boot/problem.ts';
import type { Conflict } from '../../../records/records.ts';

/** What the store had against a write, as an answer. */
export function conflicting(conflict: Conflict): Refusal {
  switch (conflict.kind) {
    case 'taken':
      return taken(conflict);
    case 'full':
      return refuse(
        'too-many-rules',
        'The rules are too many, or too long, for one book. Delete some first.',
      );
    case 'changed':
      return refuse(
        'precondition-failed',
        `${conflict.what} ${conflict.id} ${nowOf(conflict)}. Read it again, and decide again.`,
        conflict.version === undefined ? {} : { ETag: `"${conflict.version}"` },
      );
    default:
      return conflict satisfies never;
  }
}

function nowOf({ what, version }: Extract<Conflict, { kind: 'changed' }>): string {
  if (what === 'asset' || what === 'upload') return 'has changed, or is gone';
  return version === undefined ? 'is gone' : `is at version ${version} now`;
}

function taken({ what, key, holder }: Extract<Conflict, { kind: 'taken' }>): Refusal {
  switch (what) {
    case 'mac':
      return refuse('mac-taken', `MAC ${key} belongs to machine ${holder}. A MAC belongs to one machine.`);
    case 'rule-name':
      return refuse('rule-taken', `Rule ${holder} is called ${key}. Take another name.`);
    case 'rule-priority':
      return refuse(
        'rule-taken',
        `Rule ${holder} has priority ${key}. Which of two wins must be said: take another.`,
      );
    default:
      return what satisfies never;
  }
}
