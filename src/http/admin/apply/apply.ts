import type { z } from 'zod';
import { allows } from '../../../boot/access/actor.ts';
import { mask } from '../../../boot/masked.ts';
import { isRefusal, type Refusal, refuse } from '../../../boot/problem.ts';
import { maskedHeader } from '../eyes.ts';
import type { AdminParts } from '../parts.ts';
import { type Reply, type Route, type RouteRequest, route } from '../route.ts';
import { appliedSchema, applyQuery, desiredState } from './apply-schemas.ts';

export const applyRoutes: readonly Route[] = [
  route({
    method: 'post',
    path: '/api/v1/apply',
    summary:
      'Make machines, profiles and rules what a desired state says: all of it in one write, or nothing. May be repeated',
    role: 'operator',
    dryRun: true,
    query: applyQuery,
    body: desiredState,
    longestBody: 8 * 1024 * 1024,
    readElsewhere: true,
    answers: { 200: { description: 'What changed; with dry_run=1 what would', body: appliedSchema } },
    problems: [
      'bad-input',
      'forbidden',
      'unappliable',
      'asset-not-ready',
      'template-error',
      'change-too-large',
      'mac-taken',
      'rule-taken',
      'too-many-rules',
      'precondition-failed',
      'apply-busy',
    ],
    handle: apply,
  }),
];

async function apply(
  { query, bytes = Buffer.of(), by, left }: RouteRequest<z.output<typeof applyQuery>, unknown>,
  parts: AdminParts,
): Promise<Reply | Refusal> {
  const dryRun = query.dry_run === '1';
  const prune = query.prune === '1';
  if (prune && !dryRun && !allows(by.role, 'admin')) {
    const detail = `prune=1 deletes, and needs the role admin; ${by.kind} ${by.id} has ${by.role ?? 'none'}. Ask an administrator.`;
    parts.refusals.note(by, 'POST /api/v1/apply?prune=1', detail);
    return refuse('forbidden', detail);
  }
  const { outage, unknownMachine, firstStage, urlTtlSeconds, storage } = parts;
  const policy = { outage, unknownMachine, firstStage, urlTtlSeconds, storage };
  const outcome = await parts.planner.apply({ bytes, dryRun, prune, by, policy }, parts, left);
  if (isRefusal(outcome)) return outcome;
  const { json } = outcome;
  return {
    status: 200,
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      ...(outcome.isMasked && { [maskedHeader]: mask }),
    },
    body: Buffer.from(json.buffer, json.byteOffset, json.byteLength),
  };
}
