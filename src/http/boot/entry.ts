import type { Context } from 'koa';
import { runsScripts } from '../../boot/client.ts';
import { isAnonymous } from '../../boot/identity.ts';
import type { Plan } from '../../boot/plan.ts';
import { isRefusal, refuse } from '../../boot/problem.ts';
import { parseArch } from '../../boot/profile.ts';
import { autoexecScript, bootstrapScript, diskScript, machineScript } from '../../boot/script.ts';
import { renderedFor } from '../../boot/template.ts';
import { firstStage } from '../plane/first-stage.ts';
import { type Answer, assetAnswer, refusal } from './answer.ts';
import { bootingOf, callerOf, claimedMachine, identityOf, query } from './machine-of.ts';
import type { BootParts } from './parts.ts';

/** The one boot URL: iPXE gets its script, everybody else the first stage, which is iPXE. */
export async function bootEntry(ctx: Context, parts: BootParts): Promise<Answer> {
  const arch = parseArch(ctx.params.arch ?? 'x86_64');
  if (!arch)
    return refusal(
      refuse('no-such-route', `There is no architecture ${ctx.params.arch}: x86_64 and arm64 are served.`),
    );
  ctx.set('Vary', 'User-Agent');
  if (runsScripts(callerOf(ctx))) return script(ctx, parts);
  // It names nothing, but an edge may know whose interface speaks.
  const machine = await claimedMachine(ctx, {}, parts);
  if (isRefusal(machine)) return refusal(machine);
  const asset = await firstStage(arch, parts);
  return isRefusal(asset)
    ? refusal(asset)
    : assetAnswer(ctx, parts, asset, 'entry', { ...(machine && { machine }) });
}

/** For iPXE before it has an address: it runs the autoexec.ipxe that lies beside it. */
export async function autoexec(_: Context, parts: BootParts): Promise<Answer> {
  return { plan: text(autoexecScript(parts.outage), 'the loader looks for a script beside itself') };
}

async function script(ctx: Context, parts: BootParts): Promise<Answer> {
  const identity = identityOf(ctx);
  if (isRefusal(identity)) return refusal(identity);
  const machine = await claimedMachine(ctx, identity, parts);
  if (isRefusal(machine)) return refusal(machine);
  if (!machine && isAnonymous(identity))
    return { plan: text(bootstrapScript(ctx.path, parts.outage), 'the request does not say whose it is') };
  if (!machine) {
    const { address } = ctx.state.source;
    parts.unknownMachines.note(identity, { query: (name) => query(ctx, name), address, now: parts.clock() });
  }
  if (!machine && parts.unknownMachine === 'exit')
    return { plan: text(diskScript('nobody knows this machine'), 'BROKER_UNKNOWN_MACHINE is exit') };
  const booting = await bootingOf(ctx, identity, machine, parts);
  if (isRefusal(booting)) return refusal(booting);
  const { subject, reason } = booting;
  const revision = await renderedFor(subject, booting.revision);
  if (isRefusal(revision)) return refusal(revision);
  return {
    plan: text(machineScript(subject, revision, ctx.path, parts.outage), reason),
    ...(machine && { machine }),
    revision: revision.id,
    stage: 'script',
  };
}

function text(body: string, reason: string): Plan {
  return { kind: 'text', type: 'text/plain; charset=utf-8', body, reason };
}
