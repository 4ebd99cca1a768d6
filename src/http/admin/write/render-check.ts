import { possibleRevisions } from '../../../boot/assignment.ts';
import { isTemplate } from '../../../boot/cmdline.ts';
import type { Machine } from '../../../boot/machine.ts';
import { isRefusal, type Refusal } from '../../../boot/problem.ts';
import { renderedFor, templateError, templateFault } from '../../../boot/template.ts';
import { unknownSubject } from '../../../boot/unknown-machine.ts';
import { type Change, every } from '../../../records/records.ts';
import type { AdminParts } from '../parts.ts';
import { changedWorld, type World, worldNow } from './world.ts';

/**
 * Why these changes must not be written: afterwards the command line of some machine could not be rendered. It is asked at
 * write so that no boot has to find out. Writes that add no template to what machines may boot cost no reading of machines.
 */
export async function unrenderable(
  changes: readonly Change[],
  { records, unknownMachine }: Pick<AdminParts, 'records' | 'unknownMachine'>,
): Promise<Refusal | undefined> {
  for (const change of changes) {
    if (change.kind !== 'profile') continue;
    const fault = await templateFault(change.to.cmdline);
    if (fault) return templateError(fault, `The command line of ${change.to.name} cannot be read`);
    // What it will claim is not known: its templates have to do without.
    if (typeof unknownMachine === 'object' && unknownMachine.profile === change.to.name) {
      const rendered = await renderedFor(unknownSubject({}), change.to);
      if (isRefusal(rendered)) return rendered;
    }
  }
  if (!changes.some(({ kind }) => kind === 'machine' || kind === 'rule')) return undefined;
  const world = changedWorld(await worldNow(records), changes);
  for (const change of changes) {
    if (change.kind !== 'machine' || !change.to) continue;
    const refusal = await faultOn(change.to, world);
    if (refusal) return refusal;
  }
  if (!changes.some(({ kind }) => kind === 'rule') || !(await hasTemplates(world))) return undefined;
  for await (const stored of every((page) => records.listMachines(page))) {
    const machine = stored.active ? undefined : world.machine(stored);
    const refusal = machine && (await faultOn(machine, world));
    if (refusal) return refusal;
  }
  return undefined;
}

async function faultOn(machine: Machine, world: World): Promise<Refusal | undefined> {
  for (const id of possibleRevisions(machine, world.rules)) {
    const revision = await world.revision(id);
    const rendered = revision && (await renderedFor(machine, revision));
    if (isRefusal(rendered)) return rendered;
  }
  return undefined;
}

async function hasTemplates(world: World): Promise<boolean> {
  for (const { active, rollout } of world.rules)
    for (const id of [active, rollout?.revision]) {
      const revision = id === undefined ? undefined : await world.revision(id);
      if (revision && isTemplate(revision.cmdline)) return true;
    }
  return false;
}
