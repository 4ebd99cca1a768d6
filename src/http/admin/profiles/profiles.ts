import { randomUUIDv7 } from 'node:crypto';
import type { z } from 'zod';
import { allows } from '../../../boot/access/actor.ts';
import type { Auditor } from '../../../boot/access/audit.ts';
import { activated } from '../../../boot/activation.ts';
import type { Asset, ResolvedAsset } from '../../../boot/asset/asset.ts';
import { namedBy } from '../../../boot/asset/asset-networks.ts';
import { misplaced, type Place, parseAssetReference, taken } from '../../../boot/asset/asset-reference.ts';
import { parseInitrd } from '../../../boot/asset/initrd.ts';
import { filledSlots, mapSlots } from '../../../boot/asset/slots.ts';
import { differences } from '../../../boot/diff.ts';
import type { Machine } from '../../../boot/machine/machine.ts';
import { masked, numbered } from '../../../boot/masked.ts';
import { isRefusal, type Refusal, refuse, refuseParts } from '../../../boot/problem.ts';
import { bootable, type ProfileRevision, parseArch } from '../../../boot/profile.ts';
import { withRevision } from '../../../boot/rule/rollout.ts';
import { createdRevisionSchema, newProfile, profileRevisionSchema } from '../../../boot/schema/profile.ts';
import { location, pageSchema } from '../answers.ts';
import type { AdminParts } from '../parts.ts';
import { pageOf, profilesQuery } from '../queries.ts';
import { type Route, route } from '../route.ts';
import { dryRunAnswer } from '../rules/rule-schemas.ts';
import { commit, dryRunQuery, type Intent } from '../write/commit.ts';
import { noMachine } from '../write/not-found.ts';
import { insistOn } from '../write/pin-assets.ts';
import { withWarnings } from '../write/warnings.ts';
import { diffSchema } from './profile-schemas.ts';

/** Profiles: what machines boot. A revision never changes. */
export const profileRoutes: readonly Route[] = [
  route({
    method: 'post',
    path: '/api/v1/profiles',
    summary:
      "Make a profile revision. With machine_id it becomes that machine's; without, the rules that assign its name hand it out",
    role: 'operator',
    dryRun: true,
    query: dryRunQuery,
    body: newProfile,
    answers: {
      200: dryRunAnswer,
      201: {
        description: 'The revision, its assets resolved',
        body: withWarnings(createdRevisionSchema),
        headers: location,
      },
    },
    problems: ['bad-input', 'unknown-machine', 'asset-not-ready', 'template-error', 'too-many-rules'],
    handle: ({ query, body, audit }, parts) => {
      const id = randomUUIDv7();
      return commit(() => newRevision(id, body, audit, parts), parts, query);
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/profiles',
    summary: 'List profile revisions, oldest first; all, or those of one name',
    role: 'viewer',
    query: profilesQuery,
    answers: { 200: { description: 'A page of revisions', body: pageSchema(profileRevisionSchema) } },
    problems: ['bad-input'],
    handle: async ({ query }, { records }) => ({
      status: 200,
      body: await records.listProfiles(pageOf(query), query.name),
    }),
  }),
  route({
    method: 'get',
    path: '/api/v1/profiles/{id}',
    summary: 'One profile revision',
    role: 'viewer',
    answers: { 200: { description: 'The revision', body: profileRevisionSchema } },
    problems: ['unknown-profile'],
    async handle({ params: { id = '' } }, { records }) {
      const revision = await records.profile(id);
      return revision ? { status: 200, body: revision } : noRevision(id);
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/profiles/{id}/diff/{other}',
    summary: 'How another revision differs from this one',
    role: 'viewer',
    answers: {
      200: { description: 'The differences; none: a machine could not tell them apart', body: diffSchema },
    },
    problems: ['unknown-profile'],
    async handle({ params: { id = '', other = '' }, by }, { records }) {
      const [before, after] = await Promise.all([records.profile(id), records.profile(other)]);
      if (!before || !after) return noRevision(before ? other : id);
      // Numbers stand for secrets: that one has changed shows, and not what it is.
      const hide = numbered();
      const shown = allows(by.role, 'operator')
        ? differences(before, after)
        : differences(masked(before, hide) as ProfileRevision, masked(after, hide) as ProfileRevision);
      const brief = ({ id, name, created_at }: ProfileRevision) => ({ id, name, created_at });
      const body = { before: brief(before), after: brief(after), differences: shown };
      return { status: 200, body };
    },
  }),
];

/** A new revision with its assets resolved, and whatever points to it from then on, in one write. */
async function newRevision(
  id: string,
  wanted: z.output<typeof newProfile>,
  audit: Auditor,
  parts: AdminParts,
): Promise<Intent | Refusal> {
  const { records } = parts;
  const machine = wanted.machine_id === undefined ? undefined : await records.machine(wanted.machine_id);
  if (wanted.machine_id !== undefined && !machine) return noMachine(wanted.machine_id);
  const at = parts.clock().toISOString();
  const resolution = await resolvedRevision({ id, created_at: at }, wanted, machine, parts);
  if (isRefusal(resolution)) return resolution;
  const { revision, assets } = resolution;
  const pointers = machine
    ? machinePointer(machine, revision, audit)
    : await rulePointers(revision, audit, parts);
  return {
    changes: [
      { kind: 'profile', to: revision },
      ...insistOn(assets, (asset) => namedBy(asset, machine, at)),
      ...pointers.flatMap(({ changes }) => changes),
    ],
    audit: [
      audit('profile.create', { kind: 'profile', id }, undefined, revision),
      ...pointers.flatMap(({ audit }) => audit),
    ],
    reply: {
      status: 201,
      headers: { Location: `/api/v1/profiles/${id}` },
      body: revision,
    },
  };
}

type Pointed = Pick<Intent, 'changes' | 'audit'>;

function machinePointer(machine: Machine, revision: ProfileRevision, audit: Auditor): readonly Pointed[] {
  const { id, version } = machine;
  const to = activated(machine, revision.id, revision.created_at);
  return [
    {
      changes: [{ kind: 'machine', id, expected: version, to }],
      audit: [audit('machine.activate', { kind: 'machine', id }, machine, to)],
    },
  ];
}

/** Every rule that assigns the name hands it out, in the same write: at once, or to its share of machines first. */
async function rulePointers(
  revision: ProfileRevision,
  audit: Auditor,
  { records }: AdminParts,
): Promise<readonly Pointed[]> {
  const assigning = (await records.rulebook()).filter(({ profile }) => profile === revision.name);
  const rules = await Promise.all(assigning.map(({ id }) => records.rule(id)));
  return rules.flatMap((rule) => {
    if (!rule) return [];
    const { id, version } = rule;
    const to = withRevision(rule, revision.id, revision.created_at);
    return {
      changes: [{ kind: 'rule', id, expected: version, to }],
      audit: [audit('rule.activate', { kind: 'rule', id }, rule, to)],
    } satisfies Pointed;
  });
}

/** The revision as it is asked for; its architecture is that of its machine, else what was said, else x86_64. */
async function resolvedRevision(
  made: Pick<ProfileRevision, 'id' | 'created_at'>,
  wanted: z.output<typeof newProfile>,
  machine: Machine | undefined,
  parts: AdminParts,
): Promise<{ readonly revision: ProfileRevision; readonly assets: readonly Asset[] } | Refusal> {
  const name = wanted.name ?? machine?.name ?? machine?.id;
  if (name === undefined) {
    const message = 'must be given, unless machine_id says whose profile it is';
    return refuseParts('bad-input', `body.name: ${message}`, [{ path: ['name'], message }]);
  }
  const notBootable = bootable(wanted);
  if (notBootable) return notBootable;
  const machineArch = parseArch(machine?.labels.arch);
  const arch = wanted.arch ?? machineArch ?? 'x86_64';
  if (machineArch && machineArch !== arch)
    return refuse('bad-input', `body.arch: machine ${machine?.id} is ${machineArch} by its label arch`);
  const found = new Map(
    await Promise.all(
      filledSlots(wanted).map(async ([{ part, kind }, text]) => {
        const { asset } = parseInitrd(text);
        return [part, await resolveAsset(asset, { kind, arch }, parts)] as const;
      }),
    ),
  );
  const [refusal, ...others] = [...found.values()].filter(isRefusal);
  if (refusal) return refuse(refusal.problem, [refusal, ...others].map(({ detail }) => detail).join(' '));
  const assets: Asset[] = [];
  const slots = mapSlots(wanted, (text, { part }) => {
    const one = found.get(part);
    if (!one || isRefusal(one)) return undefined;
    assets.push(one.asset);
    const { name: loaded_as } = parseInitrd(text);
    return { ...one.resolved, ...(loaded_as && { loaded_as }) };
  });
  const { disk, cmdline, metadata } = wanted;
  const owner = machine && { machine_id: machine.id };
  return {
    revision: { ...made, name, arch, ...slots, ...(disk && { disk }), cmdline, metadata, ...owner },
    assets,
  };
}

interface Found {
  readonly asset: Asset;
  readonly resolved: ResolvedAsset;
}

async function resolveAsset(
  reference: string,
  place: Place,
  { records }: AdminParts,
): Promise<Found | Refusal> {
  const parsed = parseAssetReference(reference);
  const asset =
    parsed &&
    (await (parsed.id === undefined
      ? records.namedAsset({ ...parsed, ...place })
      : records.asset(parsed.id)));
  const found = taken(reference, place, asset);
  if (asset && typeof found !== 'string') return { asset, resolved: found };
  const problem = asset && misplaced(asset, place) ? 'bad-input' : 'asset-not-ready';
  return refuse(problem, `${String(found).replace(/^there/, 'There')}.`);
}

function noRevision(id: string): Refusal {
  return refuse('unknown-profile', `There is no profile revision ${id}. List them: bootbroker profile list`);
}
