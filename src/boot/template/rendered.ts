import { loadedAs } from '../asset/initrd.ts';
import { isLinux } from '../asset/program.ts';
import { type Refusal, refuse } from '../problem.ts';
import type { ProfileRevision } from '../profile.ts';
import { type Warning, warning } from '../warning.ts';
import { type BootFacts, exampleBoot } from './boot-facts.ts';
import { isTemplate } from './cmdline.ts';
import { lengthFault, lengthWarnings } from './cmdline-limit.ts';
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
  boot: BootFacts = exampleBoot,
): Promise<Rendered | Refusal> {
  const { id, name } = revision;
  const text = await renderedCmdline(revision.cmdline, subject, boot, { id, name });
  const whose = subject.id ? `machine ${subject.name ?? subject.id}` : 'a machine that nobody knows';
  const which = `The command line of ${revision.name} (revision ${revision.id})`;
  if (typeof text !== 'string') return templateError(text, `${which} cannot be rendered for ${whose}`);
  const done = finished({ ...revision, cmdline: text });
  const fault = lengthFault(done.revision);
  return fault ? refuse('template-error', `${which} ${fault}, for ${whose}.`) : done;
}

/** What is to be said of this revision for whatever machine, or why none could boot it. */
export function finishedForAll(revision: ProfileRevision): readonly Warning[] | Refusal {
  if (isTemplate(revision.cmdline))
    return leftOutOf(revision, initrdWordsIn(revision.cmdline, namesOf(revision)));
  const done = finished(revision);
  const fault = lengthFault(done.revision);
  return fault ? refuse('bad-input', `The command line of ${revision.name} ${fault}.`) : done.warnings;
}

function finished(revision: ProfileRevision): Rendered {
  if (!loadsInitrds(revision)) return { revision, warnings: [] };
  const { cmdline, leftOut } = withoutInitrdWords(revision.cmdline, namesOf(revision));
  const hidden = hiddenInitrdWords(cmdline).map((word) =>
    warning(
      'initrd-word',
      `The command line of ${revision.name} has initrd= within the word ${word}. Linux's EFI stub takes what follows for a file, and does not boot without it.`,
    ),
  );
  const done = { ...revision, cmdline };
  return { revision: done, warnings: [...leftOutOf(revision, leftOut), ...hidden, ...lengthWarnings(done)] };
}

/** Whether what it starts would look for the files that `initrd=` names: a kernel, or Linux that was pushed as an EFI program. */
function loadsInitrds({ kernel, efi }: ProfileRevision): boolean {
  return kernel !== undefined || (efi?.program !== undefined && isLinux(efi.program));
}

/** The files that an `initrd=` may name. */
function namesOf({ initrds }: ProfileRevision): readonly string[] {
  return initrds.flatMap((one, n) => (one.loaded_as === undefined ? [] : loadedAs(one, n)));
}

function leftOutOf({ name }: ProfileRevision, words: readonly string[]): readonly Warning[] {
  if (words.length === 0) return [];
  const detail = `The command line of ${name} is handed out without ${words.join(' ')}: the broker names the initrds that it loads, and Linux's EFI stub does not boot where a file of that name is missing.`;
  return [warning('initrd-word', detail)];
}
