import { assetElsewhere, revisionElsewhere } from './access/bound.ts';
import type { Permanence, ResolvedAsset } from './asset/asset.ts';
import { damagedOf } from './asset/damaged.ts';
import { imageAsset } from './asset/image-asset.ts';
import type { BootPolicy, BootRequest, Wanted } from './boot-request.ts';
import { decideAsset } from './decide.ts';
import { diskRefusal } from './disk-plan.ts';
import { besideFirstStage, firstStage } from './first-stage.ts';
import { hasBooted } from './machine/machine.ts';
import { claimedMachine, reporter, scriptedMachine } from './machine/which-machine.ts';
import type { AssetPlan, Plan } from './plan.ts';
import { isRefusal, type Refusal, refuse } from './problem.ts';
import { revisionAsset } from './profile.ts';
import { autoexecScript } from './script.ts';
import { scriptPlan } from './script-plan.ts';
import { type Asked, said, type Way } from './way.ts';
import { bootingRevision } from './which-revision.ts';
import type { World } from './world.ts';

/** What becomes of a request. */
export interface Booted {
  readonly kind: 'booted';
  /** Absent for a report, which is only to be kept. */
  readonly plan?: Plan;
  readonly way: Way;
}

export interface Refused extends Refusal {
  readonly way: Way;
}

/**
 * The whole decision, in the order of a request's way: may it ask from there? which machine is it, is that believed, and does it
 * boot from here? which revision does it boot, what is its command line, and who follows the URL? The boot plane, explain, dry
 * runs and the guard of writes all ask here. Rejects with StoreDown where the world has no answer.
 */
export async function boot(
  request: BootRequest,
  world: World,
  policy: BootPolicy,
): Promise<Booted | Refused> {
  const asked: Asked = {
    ...request,
    world,
    policy,
    way: { steps: [], warnings: [], client: request.client, ...(request.boot && { boot: request.boot }) },
  };
  const { way } = asked;
  const plan = admission(asked) ?? (await planOf(asked, request.wanted));
  if (isRefusal(plan)) return { ...plan, way };
  if (plan) said(asked, 'plan', plan.reason);
  return { kind: 'booted', ...(plan && { plan }), way };
}

/** Strangers cost nothing: nothing is looked up for them. */
function admission(asked: Asked): Refusal | undefined {
  const { source } = asked;
  if (!source) return undefined;
  if (isRefusal(source)) return source;
  said(asked, 'source', `${source.address} may boot: ${sourceReasons[source.via]}`);
  return undefined;
}

/** How its address is known. */
export const sourceReasons = {
  peer: "it is the socket's other end",
  forwarded: 'a trusted proxy names it in X-Forwarded-For',
  edge: 'an edge vouches for it',
} as const;

type Outcome = Plan | Refusal | undefined;

async function planOf(asked: Asked, wanted: Wanted): Promise<Outcome> {
  switch (wanted.kind) {
    case 'autoexec':
      return {
        kind: 'text',
        type: 'text/plain; charset=utf-8',
        body: autoexecScript(asked.policy.outage),
        ground: 'beside-loader',
        reason: 'the loader looks for a script beside itself',
      };
    case 'image':
      return imagePlan(asked, wanted);
    case 'revision':
      return revisionPlan(asked, wanted);
    case 'report': {
      const machine = await reporter(asked);
      return isRefusal(machine) ? machine : undefined;
    }
    case 'entry':
      return asked.client.runsScripts ? scriptPlan(asked, wanted.path) : firstStagePlan(asked, wanted);
    case 'sibling':
      return siblingPlan(asked, wanted);
    case 'current':
      return currentPlan(asked, wanted);
    default:
      return wanted satisfies never;
  }
}

type Of<Kind extends Wanted['kind']> = Extract<Wanted, { kind: Kind }>;

/** A caller that runs no script gets the newest first stage. It names no machine, but an edge may know whose interface speaks. */
async function firstStagePlan(asked: Asked, { arch }: Of<'entry'>): Promise<Outcome> {
  const stage = (await diskRefusal(asked)) ?? (await firstStage(asked, arch));
  return isRefusal(stage) ? stage : assetPlan(asked, stage, 'entry');
}

async function siblingPlan(asked: Asked, { filename, arch }: Of<'sibling'>): Promise<Outcome> {
  const asset = await besideFirstStage(asked, filename, arch);
  return isRefusal(asset) ? asset : assetPlan(asked, asset, 'alias');
}

async function currentPlan(asked: Asked, { part }: Of<'current'>): Promise<Outcome> {
  const { identity } = asked;
  if (isRefusal(identity)) return identity;
  const machine = await claimedMachine(asked, identity);
  if (isRefusal(machine)) return machine;
  const revision = await bootingRevision(asked, identity);
  if (isRefusal(revision)) return revision;
  if (revision === 'disk') return refuse('unknown-asset', `What boots from its disk has no ${part}.`);
  asked.way.owned = true;
  const asset = revisionAsset(revision, part);
  return isRefusal(asset) ? asset : assetPlan(asked, asset, 'alias');
}

async function revisionPlan(asked: Asked, { revision: id, part }: Of<'revision'>): Promise<Outcome> {
  const machine = await scriptedMachine(asked);
  if (isRefusal(machine)) return machine;
  const revision = await asked.world.revision({ id });
  if (!revision) return refuse('unknown-profile', `There is no profile revision ${id}.`);
  asked.way.revision = revision;
  const elsewhere = await revisionElsewhere(asked, revision, machine);
  if (elsewhere) return elsewhere;
  if (machine && hasBooted(machine, id)) asked.way.owned = true;
  const asset = revisionAsset(revision, part);
  return isRefusal(asset) ? asset : assetPlan(asked, asset, 'immutable');
}

async function imagePlan(asked: Asked, { part }: Of<'image'>): Promise<Outcome> {
  const found = await imageAsset(part, asked.world);
  if ('asset' in found)
    return assetElsewhere(asked, found) ?? assetPlan(asked, found.asset, found.permanence);
  const { kind, filename } = part;
  const what = filename === undefined ? kind : `${kind} ${filename}`;
  const hint =
    kind === 'file' && filename === undefined
      ? ' One of several is asked for by its name: .../file/NAME.'
      : '';
  return refuse('unknown-asset', `There is no ${found.missing} with a ready ${what}.${hint}`);
}

async function assetPlan(
  asked: Asked,
  asset: ResolvedAsset,
  permanence: Permanence,
): Promise<AssetPlan | Refusal> {
  const { method, edge, policy, way } = asked;
  way.asset = asset;
  const damaged = await damagedOf(asked, [asset]);
  if (damaged) return damaged;
  const { storage, urlTtlSeconds } = policy;
  return decideAsset({
    method,
    asset,
    permanence,
    client: way.client,
    storage,
    edge: edge?.capabilities ?? [],
    urlTtlSeconds,
  });
}
