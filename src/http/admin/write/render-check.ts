import { programWarnings } from '../../../boot/asset/program-warnings.ts';
import type { BootPolicy } from '../../../boot/boot-request.ts';
import type { Machine } from '../../../boot/machine/machine.ts';
import { placeholderWarnings } from '../../../boot/machine/placeholder-warnings.ts';
import { unknownSubject } from '../../../boot/machine/unknown-machine.ts';
import { isRefusal, type Refusal } from '../../../boot/problem.ts';
import type { ProfileRevision } from '../../../boot/profile.ts';
import { renderingsFor } from '../../../boot/render-check.ts';
import { holdsSecret, secretWarnings } from '../../../boot/secret/warnings.ts';
import { isTemplate } from '../../../boot/template/cmdline.ts';
import { finishedForAll, renderedFor } from '../../../boot/template/rendered.ts';
import { templateError, templateFault } from '../../../boot/template/template.ts';
import { distinct, type Warning } from '../../../boot/warning.ts';
import type { World } from '../../../boot/world.ts';
import { type Change, every, type Records } from '../../../records/records.ts';
import { recordsWorld, type WorldRead } from '../../plane/records-world.ts';
import { breather } from './breather.ts';
import { changedWorld, keptWorld, machineAfter } from './changed-world.ts';

/** What judging takes: how machines boot, and what is known of them. */
export interface Judging extends BootPolicy {
  readonly records: Pick<Records, WorldRead | 'listMachines'>;
}

/**
 * Why these changes must not be written: afterwards the command line of some machine could not be rendered. It is asked at
 * write so that no boot has to find out. Else what whoever writes them is to be told. Writes after which
 * rules hand out no template and no secret cost no reading of machines.
 */
export async function judged(
  changes: readonly Change[],
  parts: Judging,
): Promise<Refusal | readonly Warning[]> {
  const breathe = breather();
  const found: Warning[] = [];
  for (const change of changes) {
    const verdict = change.kind === 'profile' ? await ofRevision(change.to, parts) : ofMachine(change);
    if (isRefusal(verdict)) return verdict;
    found.push(...verdict);
  }
  const world = keptWorld(changedWorld(recordsWorld(parts.records), changes));
  for await (const machine of concerned(changes, world, parts)) {
    await breathe();
    const verdict = await renderingsFor(machine, world, parts);
    if (isRefusal(verdict)) return verdict;
    found.push(...verdict);
  }
  return distinct(found);
}

function ofMachine(change: Change): readonly Warning[] {
  return change.kind === 'machine' && change.to
    ? placeholderWarnings(change.to, 'nothing is found by it')
    : [];
}

async function ofRevision(
  revision: ProfileRevision,
  { unknownMachine }: Judging,
): Promise<Refusal | readonly Warning[]> {
  const fault = await templateFault(revision.cmdline);
  if (fault) return templateError(fault, `The command line of ${revision.name} cannot be read`);
  const finished = finishedForAll(revision);
  if (isRefusal(finished)) return finished;
  const { kernel, efi } = revision;
  const said = [...finished, ...[kernel, efi].flatMap((one) => (one ? programWarnings(one) : []))];
  if (typeof unknownMachine === 'string' || unknownMachine.profile !== revision.name) return said;
  // What an unknown machine will claim is not known: its templates have to do without.
  const rendered = await renderedFor(unknownSubject({}), revision);
  return isRefusal(rendered) ? rendered : [...said, ...secretWarnings({ networks: [] }, revision)];
}

/** The machines as they are afterwards whose command lines these changes may change. */
async function* concerned(
  changes: readonly Change[],
  world: World,
  { records }: Judging,
): AsyncGenerator<Machine> {
  for (const change of changes) if (change.kind === 'machine' && change.to) yield change.to;
  if (!changes.some(({ kind }) => kind === 'rule') || !(await mattersToWhom(world))) return;
  for await (const stored of every((page) => records.listMachines(page))) {
    const machine = stored.active ? undefined : machineAfter(changes, stored);
    if (machine) yield machine;
  }
}

/** Whether something that rules hand out is not the same to all machines: a template, or a secret for those of some networks. */
async function mattersToWhom(world: World): Promise<boolean> {
  for (const { active, rollout } of await world.rules())
    for (const id of [active, rollout?.revision]) {
      const revision = id === undefined ? undefined : await world.revision({ id });
      if (revision && (isTemplate(revision.cmdline) || holdsSecret(revision))) return true;
    }
  return false;
}
