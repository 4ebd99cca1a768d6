import { damagedOf } from './asset/damaged.ts';
import { diskPlan, isDisk } from './disk-plan.ts';
import type { BootRecord } from './history/boot-record.ts';
import { isRetry } from './history/which-boot.ts';
import { bootFacts } from './known-of-boot.ts';
import { isAnonymous } from './machine/identity.ts';
import { unknownSubject } from './machine/unknown-machine.ts';
import { claimedMachine, tellLike } from './machine/which-machine.ts';
import type { DiskPlan, Reasoned, TextPlan } from './plan.ts';
import { isRefusal, type Refusal } from './problem.ts';
import { assetsOf } from './profile.ts';
import { bootstrapScript, machineScript } from './script.ts';
import { renderedFor } from './template/rendered.ts';
import { type Asked, said, whyAssigned } from './way.ts';
import { bootingRevision, type Start } from './which-revision.ts';

/** What iPXE gets at the boot URL. */
export async function scriptPlan(asked: Asked, path: string): Promise<TextPlan | DiskPlan | Refusal> {
  const { identity, way, beginning } = asked;
  const { outage } = asked.policy;
  if (isRefusal(identity)) return identity;
  const machine = await claimedMachine(asked, identity);
  if (isRefusal(machine)) return machine;
  if (!machine && isAnonymous(identity))
    return text(bootstrapScript(path, outage), {
      ground: 'anonymous',
      reason: 'the request does not say whose it is',
    });
  const last = machine && beginning?.last(machine.id); // asked beside all else
  if (!machine) {
    way.unknown = true;
    await tellLike(asked, identity);
  }
  const start = await bootingRevision(asked, identity);
  if (isRefusal(start)) return start;
  if (start === 'disk' || isDisk(start)) {
    const plan = diskPlan(asked, start);
    if (!isRefusal(plan) && start !== 'disk') begin(asked, start, await last);
    return plan;
  }
  const subject = machine ?? unknownSubject(identity);
  const { facts, says } = bootFacts(asked);
  const rendered = await renderedFor(subject, start, facts);
  if (isRefusal(rendered)) return rendered;
  way.warnings = rendered.warnings;
  const { cmdline } = rendered.revision;
  if (cmdline !== start.cmdline) said(asked, 'rendered', `its command line is ${cmdline} (${says})`);
  for (const { detail } of rendered.warnings) said(asked, 'rendered', detail);
  const damaged = await damagedOf(asked, assetsOf(start));
  if (damaged) return damaged;
  begin(asked, start, await last);
  const whose = { id: machine?.id, disk_boot: machine?.disk_boot, boot: way.boot };
  return text(machineScript(whose, rendered.revision, path, outage), whyAssigned(way.assigned));
}

/** The boot that this script begins; or, where the last one came no further, that one. */
function begin(
  { way, beginning }: Asked,
  { id: revision }: Exclude<Start, 'disk'>,
  last: BootRecord | undefined,
): void {
  way.owned = true;
  if (!beginning || !way.machine) return;
  if (isRetry(last, { revision, at: beginning.now() })) {
    way.boot = last.id;
    return;
  }
  way.boot = beginning.fresh();
  way.begins = true;
}

function text(body: string, why: Reasoned): TextPlan {
  return { kind: 'text', type: 'text/plain; charset=utf-8', body, ...why };
}
