import type { Impact, Outcome } from '../../boot/impact.ts';
import { distinct, type Warning } from '../../boot/warning.ts';
import { type Answer, pages, type Query } from '../broker/api.ts';
import { jsonLine, printable } from '../verb/printable.ts';
import type { System } from '../verb/system.ts';
import { cell } from './listing.ts';
import { table } from './table.ts';

/** Asks all pages of a dry run and prints what would change: every machine, and the script of the first. */
export async function printDryRun(
  system: System,
  json: true | undefined,
  ask: (query: Query) => Promise<Answer>,
): Promise<void> {
  const items: Impact[] = [];
  let examined = 0;
  const warnings: Warning[] = [];
  const asked = pages<{ items: Impact[]; examined: number; warnings?: Warning[]; next?: string }>((cursor) =>
    ask({ dry_run: '1', limit: '1000', cursor }),
  );
  for await (const page of asked) {
    items.push(...page.items);
    examined += page.examined;
    warnings.push(...(page.warnings ?? []));
  }
  const also = warnings.length > 0 && { warnings: distinct(warnings) };
  system.stdout.write(json ? jsonLine({ items, examined, ...also }) : text(items, examined));
}

function text(items: readonly Impact[], examined: number): string {
  const sum = `${items.length} of ${examined} machines would change; nothing is written\n`;
  const [first] = items;
  if (!first) return sum;
  const rows = items.map(({ machine, before, after, uncertain }) => [
    cell(machine.name ?? machine.macs[0] ?? machine.id),
    brief(before),
    `${brief(after)}${uncertain ? ' (unknown until it asks)' : ''}`,
  ]);
  const scripts = scriptDifference(first).map((line) => `  ${printable(line)}\n`);
  const which = items.length > 1 ? ' of the first (--json has all)' : '';
  return `${table(['MACHINE', 'BEFORE', 'AFTER'], rows)}\nscript${which}:\n${scripts.join('')}\n${sum}`;
}

function brief(outcome: Outcome | null): string {
  return outcome ? `${outcome.profile} ${outcome.revision}` : '-';
}

/** Lines that only one of the two scripts has; what is in both is left out. */
function scriptDifference({ before, after }: Impact): readonly string[] {
  const [was, is] = [before, after].map((outcome) => outcome?.script.trimEnd().split('\n') ?? []);
  return [
    ...(was ?? []).filter((line) => !is?.includes(line)).map((line) => `- ${line}`),
    ...(is ?? []).filter((line) => !was?.includes(line)).map((line) => `+ ${line}`),
  ];
}
