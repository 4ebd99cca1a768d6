import { boot } from './boot.ts';
import type { BootPolicy } from './boot-request.ts';
import { scriptRequest } from './impact.ts';
import type { Machine } from './machine/machine.ts';
import { isRefusal, type Refusal } from './problem.ts';
import { possibleRevisions } from './rule/assignment.ts';
import { secretWarnings } from './secret/warnings.ts';
import type { Warning } from './warning.ts';
import type { World } from './world.ts';

/**
 * Why the command line of some revision that this machine may be given cannot be rendered for it; or, when all can, what is to be
 * said of them.
 */
export async function renderingsFor(
  machine: Machine,
  world: World,
  policy: BootPolicy,
): Promise<Refusal | readonly Warning[]> {
  const rules = machine.active ? [] : await world.rules();
  const found: Warning[] = [];
  const otherwise = machine.active ? undefined : await unassigned(world, policy);
  for (const active of [...possibleRevisions(machine, rules), ...(otherwise ? [otherwise.id] : [])]) {
    const revision = await world.revision({ id: active });
    if (!revision) continue;
    const given: Machine = { ...machine, active };
    const decided = await boot(scriptRequest(machine), { ...world, machineBy: () => given }, policy);
    if (isRefusal(decided) && decided.problem === 'template-error') return decided;
    found.push(...decided.way.warnings, ...secretWarnings(machine, revision));
  }
  return found;
}

/** What it boots if no rule gives it anything. */
function unassigned(world: World, { unknownMachine }: BootPolicy) {
  return typeof unknownMachine === 'string' ? undefined : world.revision({ newest: unknownMachine.profile });
}
