import type { Command } from 'commander';
import type { Difference } from '../../../boot/diff.ts';
import { accepted } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { jsonLine, printable } from '../../verb/printable.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

export function profileDiff(command: Command, system: System): void {
  brokerOptions(
    example(command, [
      'bootbroker profile diff 0199a1b2-0000-7000-8000-000000000001 \\',
      '    0199a1b2-0000-7000-8000-000000000002',
    ]),
  ).action(async (revision: string, other: string, options: BrokerOptions & { readonly json?: true }) => {
    const path = `profiles/${encodeURIComponent(revision)}/diff/${encodeURIComponent(other)}`;
    const answer = accepted(await broker(system, options).get(path)) as {
      differences: readonly Difference[];
    };
    const lines = answer.differences.map(({ text }) => `${printable(text)}\n`);
    system.stdout.write(
      options.json ? jsonLine(answer) : lines.join('') || 'a machine could not tell them apart\n',
    );
  });
}
