import { randomUUIDv7 } from 'node:crypto';
import { z } from 'zod';
import type { Auditor } from '../../../boot/access/audit.ts';
import { activated, changed } from '../../../boot/activation.ts';
import { enrolledAs } from '../../../boot/machine/enrollment.ts';
import { parseMac, parseUuid } from '../../../boot/machine/identity.ts';
import type { Machine } from '../../../boot/machine/machine.ts';
import { observationsOf, type PendingMachine, pendingIdOf } from '../../../boot/machine/pending-machine.ts';
import { placeholderWarnings } from '../../../boot/machine/placeholder-warnings.ts';
import { isRefusal, type Refusal, refuse } from '../../../boot/problem.ts';
import { parseArch } from '../../../boot/profile.ts';
import { machineSchema, mostMacs, said } from '../../../boot/schema/machine.ts';
import { id, name, serial, text, uuid } from '../../../boot/schema/values.ts';
import { location } from '../answers.ts';
import type { AdminParts } from '../parts.ts';
import { type Route, route } from '../route.ts';
import { commit, type Intent } from '../write/commit.ts';
import { etagHeader } from '../write/etag.ts';
import { noMachine } from '../write/not-found.ts';
import { withWarnings } from '../write/warnings.ts';
import { registered } from './machine-intent.ts';

const believed = {
  from: text.describe('Believe only what came from this address').exactOptional(),
  uuid: uuid.describe('Believe only who said this UUID').exactOptional(),
  serial: serial.describe('Believe only who said this serial').exactOptional(),
  mac_only: z.boolean().describe('Register the MAC alone, whatever else was said').exactOptional(),
};
const asNew = {
  name: said.name,
  labels: said.labels,
  networks: said.networks,
  profile: name
    .describe('Name of a profile; its newest revision becomes what the machine boots')
    .exactOptional(),
};
const enrollment = z.strictObject({
  ...asNew,
  ...believed,
  add_to: id
    .describe('No new machine: this one has the MAC from now on; all else of it stays')
    .exactOptional(),
});
type Enrollment = z.output<typeof enrollment>;

const machine = { description: 'The machine', body: withWarnings(machineSchema) };

export const enrollRoute: Route = route({
  method: 'post',
  path: '/api/v1/machines/pending/{id}/enroll',
  summary:
    'Register a pending machine, named by its id, its MAC or its UUID, under all that it was observed to say',
  role: 'operator',
  body: enrollment,
  answers: {
    200: { ...machine, headers: etagHeader },
    201: { ...machine, headers: { ...location, ...etagHeader } },
  },
  problems: [
    'bad-input',
    'unknown-pending',
    'unknown-machine',
    'unknown-profile',
    'pending-contradicted',
    'mac-taken',
    'template-error',
  ],
  handle({ params: { id: typed = '' }, body, audit }, parts) {
    const machineId = randomUUIDv7();
    return commit(async () => {
      const pending = await parts.records.pending(pendingIdOf(typed));
      if (!pending) return noPending(typed, parts);
      return body.add_to === undefined
        ? enrolled(machineId, pending, body, parts, audit)
        : added(body.add_to, pending, body, parts, audit);
    }, parts);
  },
});

async function enrolled(
  machineId: string,
  pending: PendingMachine,
  { profile, add_to: _, from, uuid: saidUuid, serial: saidSerial, mac_only, ...wanted }: Enrollment,
  { records, clock }: AdminParts,
  audit: Auditor,
): Promise<Intent | Refusal> {
  const who = enrolledAs(pending, {
    ...(from !== undefined && { from }),
    ...(saidUuid && { uuid: saidUuid }),
    ...(saidSerial && { serial: saidSerial }),
    ...(mac_only && { mac_only }),
  });
  if (isRefusal(who)) return who;
  const revision = profile === undefined ? undefined : await records.newestProfile(profile);
  if (profile !== undefined && !revision)
    return refuse('unknown-profile', `There is no profile ${profile}. List them: bootbroker profile list`);
  const now = clock().toISOString();
  const { arch: told, ...names } = who;
  const arch = parseArch(told);
  const bare: Machine = {
    id: machineId,
    ...wanted,
    labels: { ...(arch && { arch }), ...wanted.labels },
    macs: pending.mac ? [pending.mac] : [],
    ...names,
    history: [],
    version: 1,
    created_at: now,
    updated_at: now,
  };
  if (bare.macs.length === 0 && !bare.uuid && !bare.serial)
    return refuse(
      'bad-input',
      'It said nothing of itself but what firmware says where nobody set it: it could never be recognised.',
    );
  const made = revision ? { ...activated(bare, revision.id, now), version: 1 } : bare;
  const leftOut = observationsOf(pending).flatMap((one) =>
    placeholderWarnings(one.placeholders ?? one, 'it is left out'),
  );
  return { ...registered('machine.enroll', undefined, made, audit), warnings: leftOut };
}

async function added(
  machineId: string,
  { mac }: PendingMachine,
  { add_to: _, labels, networks, ...others }: Enrollment,
  { records, clock }: AdminParts,
  audit: Auditor,
): Promise<Intent | Refusal> {
  if (Object.keys(others).length > 0 || Object.keys(labels).length > 0 || networks.length > 0)
    return refuse('bad-input', 'With add_to the machine gets a MAC and nothing else: leave the rest out.');
  if (!mac) return refuse('bad-input', 'It did not say a MAC, so there is none to add.');
  const before = await records.machine(machineId);
  if (!before) return noMachine(machineId);
  if (before.macs.length >= mostMacs)
    return refuse('bad-input', `Machine ${machineId} has ${mostMacs} MACs already, and may not have more.`);
  const after = changed({ ...before, macs: [...new Set([...before.macs, mac])] }, clock().toISOString());
  return registered('machine.enroll', before, after, audit);
}

/** It names what was typed; and who that is, if it is somebody already. */
export async function noPending(typed: string, { records }: AdminParts): Promise<Refusal> {
  const [mac, uuid] = [parseMac(typed), parseUuid(typed)];
  const known = mac || uuid ? await records.findMachine(mac ? { mac } : uuid ? { uuid } : {}) : undefined;
  const why = known ? `${typed.slice(0, 140)} is registered already: machine ${known.id}. ` : '';
  return refuse(
    'unknown-pending',
    `${why}No machine ${typed.slice(0, 140)} is pending. List them: bootbroker machine pending`,
  );
}
