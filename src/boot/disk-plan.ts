import { isAnonymous } from './machine/identity.ts';
import type { Machine } from './machine/machine.ts';
import { claimedMachine } from './machine/which-machine.ts';
import type { DiskPlan } from './plan.ts';
import { isRefusal, type Refusal, refuse } from './problem.ts';
import { diskScript } from './script.ts';
import { type Asked, whyAssigned } from './way.ts';
import { bootingRevision, type Start } from './which-revision.ts';

/** Whether what a machine boots is its own disk. */
export function isDisk(start: Start): boolean {
  return start === 'disk' || start.disk === true;
}

/** What iPXE gets of a machine that boots from its disk. One that is to be told 404 is told so where nothing would ask again. */
export function diskPlan({ way, chained }: Asked, start: Start): DiskPlan | Refusal {
  const { machine, assigned } = way;
  if (machine?.disk_boot === '404' && !chained) return toItsDisk(machine);
  const who = machine ? `machine ${machine.id}` : 'a machine that nobody knows';
  const profile = start === 'disk' ? '' : `: ${start.name}, revision ${start.id}`;
  return {
    kind: 'disk',
    type: 'text/plain; charset=utf-8',
    body: diskScript(`${who} boots from its disk${profile}`, machine?.disk_boot),
    ...whyAssigned(assigned),
  };
}

/** Firmware of a machine that boots from its disk is told 404, at which it tries its next boot option; undefined: it is not. */
export async function diskRefusal(asked: Asked): Promise<Refusal | undefined> {
  const { identity } = asked;
  if (isRefusal(identity) || (isAnonymous(identity) && !asked.edge?.hw)) return undefined;
  // A first stage is for everybody: what would keep this caller from a script is no matter here.
  const aside: Asked = { ...asked, way: { ...asked.way, steps: [] } };
  const machine = await claimedMachine(aside, identity);
  if (!machine || isRefusal(machine)) return undefined;
  if (machine.disk_boot !== undefined && machine.disk_boot !== '404') return undefined;
  const start = await bootingRevision(aside, identity);
  return !isRefusal(start) && isDisk(start) ? toItsDisk(machine) : undefined;
}

function toItsDisk({ id }: Machine): Refusal {
  return refuse('boots-from-disk', `Machine ${id} boots from its disk: there is nothing for it here.`);
}
