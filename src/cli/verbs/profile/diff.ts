import type { Command } from 'commander';
import type { Difference } from '../../../boot/diff.ts';
import { accepted } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { jsonLine, printable } from '../../output/printable.ts';
import type { Outside } from '../../verb/system.ts';
import { verb } from '../../verb/verb.ts';

export function profileDiff(parent: Command, outside: Outside): void {
  brokerOptions(
    verb(parent, 'diff <revision> <other>', 'Show how another revision of a profile differs from one.', [
      'bootbroker profile diff 0199a1b2-0000-7000-8000-000000000001 \\',
      '    0199a1b2-0000-7000-8000-000000000002',
    ]),
  ).action(async (revision: string, other: string, options: BrokerOptions & { readonly json?: true }) => {
    const path = `profiles/${encodeURIComponent(revision)}/diff/${encodeURIComponent(other)}`;
    const answer = accepted(await broker(outside, options).get(path)) as {
      differences: readonly Difference[];
    };
    const lines = answer.differences.map(({ text }) => `${printable(text)}\n`);
    outside.stdout.write(
      options.json ? jsonLine(answer) : lines.join('') || 'a machine could not tell them apart\n',
    );
  });
}
