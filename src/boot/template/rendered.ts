import type { Refusal } from '../problem.ts';
import type { ProfileRevision } from '../profile.ts';
import { type Warning, warning } from '../warning.ts';
import { isTemplate } from './cmdline.ts';
import { hiddenInitrdWords, initrdWordsIn, withoutInitrdWords } from './initrd-words.ts';
import { renderedCmdline, type TemplateSubject, templateError } from './template.ts';

/** A revision as some machine boots it, and what its writer should know of that. */
export interface Rendered {
  /** Its command line is what the program that it starts gets, but for the broker's own words. */
  readonly revision: ProfileRevision;
  readonly warnings: readonly Warning[];
}

/** The revision as this machine boots it, its command line rendered; or why that cannot be. */
export async function renderedFor(
  subject: TemplateSubject,
  revision: ProfileRevision,
): Promise<Rendered | Refusal> {
  const text = await renderedCmdline(revision.cmdline, subject);
  if (typeof text === 'string') return finished({ ...revision, cmdline: text });
  const whose = subject.id ? `machine ${subject.name ?? subject.id}` : 'a machine that nobody knows';
  return templateError(
    text,
    `The command line of ${revision.name} (revision ${revision.id}) cannot be rendered for ${whose}`,
  );
}

/** What is to be said of this revision for whatever machine. */
export function warningsOf(revision: ProfileRevision): readonly Warning[] {
  if (!isTemplate(revision.cmdline)) return finished(revision).warnings;
  return leftOutOf(revision, initrdWordsIn(revision.cmdline, []));
}

function finished(revision: ProfileRevision): Rendered {
  if (!revision.kernel) return { revision, warnings: [] };
  const { cmdline, leftOut } = withoutInitrdWords(revision.cmdline, []);
  const hidden = hiddenInitrdWords(cmdline).map((word) =>
    warning(
      'initrd-word',
      `The command line of ${revision.name} has initrd= within the word ${word}. Linux's EFI stub takes what follows for a file, and does not boot without it.`,
    ),
  );
  return { revision: { ...revision, cmdline }, warnings: [...leftOutOf(revision, leftOut), ...hidden] };
}

function leftOutOf({ name }: ProfileRevision, words: readonly string[]): readonly Warning[] {
  if (words.length === 0) return [];
  const detail = `The command line of ${name} is handed out without ${words.join(' ')}: the broker names the initrds that it loads, and Linux's EFI stub does not boot where a file of that name is missing.`;
  return [warning('initrd-word', detail)];
}
