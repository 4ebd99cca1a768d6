import { unknownSubject } from '../../../boot/machine/unknown-machine.ts';
import { isRefusal, type Refusal } from '../../../boot/problem.ts';
import type { ProfileRevision } from '../../../boot/profile.ts';
import { unrenderableFor } from '../../../boot/render-check.ts';
import { isTemplate } from '../../../boot/template/cmdline.ts';
import { renderedFor, templateError, templateFault } from '../../../boot/template/template.ts';
import type { World } from '../../../boot/world.ts';
import { type Change, every } from '../../../records/records.ts';
import { recordsWorld } from '../../plane/records-world.ts';
import type { AdminParts } from '../parts.ts';
import { changedWorld, keptWorld, machineAfter } from './changed-world.ts';

/**
 * Why these changes must not be written: afterwards the command line of some machine could not be rendered. It is asked at
 * write so that no boot has to find out. Writes that add no template to what machines may boot cost no reading of machines.
 */
export async function unrenderable(
  changes: readonly Change[],
  parts: AdminParts,
): Promise<Refusal | undefined> {
  for (const change of changes) {
    const fault = change.kind === 'profile' ? await revisionFault(change.to, parts) : undefined;
    if (fault) return fault;
  }
  if (!changes.some(({ kind }) => kind === 'machine' || kind === 'rule')) return undefined;
  const { records } = parts;
  const world = keptWorld(changedWorld(recordsWorld(records), changes));
  for (const change of changes) {
    if (change.kind !== 'machine' || !change.to) continue;
    const refusal = await unrenderableFor(change.to, world, parts);
    if (refusal) return refusal;
  }
  if (!changes.some(({ kind }) => kind === 'rule') || !(await hasTemplates(world))) return undefined;
  for await (const stored of every((page) => records.listMachines(page))) {
    const machine = stored.active ? undefined : machineAfter(changes, stored);
    const refusal = machine && (await unrenderableFor(machine, world, parts));
    if (refusal) return refusal;
  }
  return undefined;
}

async function revisionFault(
  revision: ProfileRevision,
  { unknownMachine }: AdminParts,
): Promise<Refusal | undefined> {
  const fault = await templateFault(revision.cmdline);
  if (fault) return templateError(fault, `The command line of ${revision.name} cannot be read`);
  if (typeof unknownMachine === 'string' || unknownMachine.profile !== revision.name) return undefined;
  // What an unknown machine will claim is not known: its templates have to do without.
  const rendered = await renderedFor(unknownSubject({}), revision);
  return isRefusal(rendered) ? rendered : undefined;
}

async function hasTemplates(world: World): Promise<boolean> {
  for (const { active, rollout } of await world.rules())
    for (const id of [active, rollout?.revision]) {
      const revision = id === undefined ? undefined : await world.revision({ id });
      if (revision && isTemplate(revision.cmdline)) return true;
    }
  return false;
}
