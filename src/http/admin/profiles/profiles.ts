import { randomUUIDv7 } from 'node:crypto';
import type { z } from 'zod';
import type { Actor } from '../../../boot/access/actor.ts';
import { activated } from '../../../boot/activation.ts';
import { type Arch, type Asset, type AssetKind, type ResolvedAsset, resolved } from '../../../boot/asset.ts';
import { differences } from '../../../boot/diff.ts';
import type { Machine } from '../../../boot/machine.ts';
import { isRefusal, type Refusal, refuse } from '../../../boot/problem.ts';
import { bootable, type ProfileRevision, parseArch, parseAssetReference } from '../../../boot/profile.ts';
import { withRevision } from '../../../boot/rollout.ts';
import { location, pageSchema } from '../fields.ts';
import { newProfile, pageOf, profilesQuery } from '../inputs.ts';
import type { AdminParts } from '../parts.ts';
import { type Route, route } from '../route.ts';
import { dryRunAnswer } from '../rules/rule-schemas.ts';
import { audited } from '../write/audit-entry.ts';
import { commit, dryRunQuery, type Intent } from '../write/commit.ts';
import { noMachine } from '../write/not-found.ts';
import { insistOn } from '../write/pin-assets.ts';
import { createdRevisionSchema, profileRevisionSchema } from './profile-resources.ts';
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
        body: createdRevisionSchema,
        headers: location,
      },
    },
    problems: ['bad-input', 'unknown-machine', 'asset-not-ready', 'template-error', 'too-many-rules'],
    handle: ({ query, body, by }, parts) => {
      const id = randomUUIDv7();
      return commit(() => newRevision(id, body, by, parts), parts, query);
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
    async handle({ params: { id = '', other = '' } }, { records }) {
      const [before, after] = await Promise.all([records.profile(id), records.profile(other)]);
      if (!before || !after) return noRevision(before ? other : id);
      const brief = ({ id, name, created_at }: ProfileRevision) => ({ id, name, created_at });
      const body = { before: brief(before), after: brief(after), differences: differences(before, after) };
      return { status: 200, body };
    },
  }),
];

/** A new revision with its assets resolved, and whatever points to it from then on, in one write. */
async function newRevision(
  id: string,
  wanted: z.output<typeof newProfile>,
  by: Actor,
  parts: AdminParts,
): Promise<Intent | Refusal> {
  const { records } = parts;
  const machine = wanted.machine_id === undefined ? undefined : await records.machine(wanted.machine_id);
  if (wanted.machine_id !== undefined && !machine) return noMachine(wanted.machine_id);
  const at = parts.clock().toISOString();
  const resolution = await resolvedRevision({ id, created_at: at }, wanted, machine, parts);
  if (isRefusal(resolution)) return resolution;
  const { revision, assets } = resolution;
  const pointers = machine ? machinePointer(machine, revision, by) : await rulePointers(revision, by, parts);
  return {
    changes: [
      { kind: 'profile', to: revision },
      ...insistOn(assets),
      ...pointers.flatMap(({ changes }) => changes),
    ],
    audit: [
      audited(by, 'profile.create', { kind: 'profile', id }, undefined, revision),
      ...pointers.flatMap(({ audit }) => audit),
    ],
    reply: {
      status: 201,
      headers: { Location: `/api/v1/profiles/${id}` },
      body: { ...revision, ...(machine && { machine_id: machine.id }) },
    },
  };
}

type Pointed = Pick<Intent, 'changes' | 'audit'>;

function machinePointer(machine: Machine, revision: ProfileRevision, by: Actor): readonly Pointed[] {
  const { id, version } = machine;
  const to = activated(machine, revision.id, revision.created_at);
  return [
    {
      changes: [{ kind: 'machine', id, expected: version, to }],
      audit: [audited(by, 'machine.activate', { kind: 'machine', id }, machine, to)],
    },
  ];
}

/** Every rule that assigns the name hands it out, in the same write: at once, or to its share of machines first. */
async function rulePointers(
  revision: ProfileRevision,
  by: Actor,
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
      audit: [audited(by, 'rule.activate', { kind: 'rule', id }, rule, to)],
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
  const notBootable = bootable(wanted);
  if (notBootable) return notBootable;
  const machineArch = parseArch(machine?.labels.arch);
  const arch = wanted.arch ?? machineArch ?? 'x86_64';
  if (machineArch && machineArch !== arch)
    return refuse('bad-input', `body.arch: machine ${machine?.id} is ${machineArch} by its label arch`);
  const resolve = (kind: AssetKind, reference: string | undefined) =>
    resolveAsset(kind, reference, arch, parts);
  const [kernel, efi, iso, ...initrds] = await Promise.all([
    resolve('kernel', wanted.kernel),
    resolve('efi', wanted.efi),
    resolve('iso', wanted.iso),
    ...wanted.initrds.map((reference) => resolve('initrd', reference)),
  ]);
  const all = [kernel, efi, iso, ...initrds].filter((asset) => asset !== undefined);
  const missing = all.filter(isRefusal);
  if (missing.length > 0) return refuse('asset-not-ready', missing.map(({ detail }) => detail).join(' '));
  const revision: ProfileRevision = {
    ...made,
    name: wanted.name,
    arch,
    ...(kernel && !isRefusal(kernel) && { kernel: kernel.resolved }),
    ...(efi && !isRefusal(efi) && { efi: efi.resolved }),
    ...(iso && !isRefusal(iso) && { iso: iso.resolved }),
    initrds: initrds.flatMap((initrd) => (initrd && !isRefusal(initrd) ? initrd.resolved : [])),
    cmdline: wanted.cmdline,
    metadata: wanted.metadata,
  };
  return { revision, assets: all.flatMap((one) => (isRefusal(one) ? [] : one.asset)) };
}

interface Found {
  readonly asset: Asset;
  readonly resolved: ResolvedAsset;
}

async function resolveAsset(
  kind: AssetKind,
  reference: string | undefined,
  arch: Arch,
  { records }: AdminParts,
): Promise<Found | Refusal | undefined> {
  const named = reference === undefined ? undefined : parseAssetReference(reference);
  if (!named) return undefined;
  const asset = await records.namedAsset({ kind, ...named, arch });
  if (!asset)
    return refuse(
      'asset-not-ready',
      `There is no ${kind} ${reference} for ${arch}: push it with bootbroker asset push.`,
    );
  const ready = resolved(asset);
  if (ready) return { asset, resolved: ready };
  return refuse(
    'asset-not-ready',
    `${kind} ${reference} for ${arch} is ${asset.state}${asset.failure ? ` (${asset.failure})` : ''}.`,
  );
}

function noRevision(id: string): Refusal {
  return refuse('unknown-profile', `There is no profile revision ${id}. List them: bootbroker profile list`);
}
