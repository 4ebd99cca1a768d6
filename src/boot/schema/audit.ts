import { z } from 'zod';
import { roles } from '../access/actor.ts';
import type { AuditEvent } from '../access/audit.ts';
import { schemaOf } from './type.ts';
import { id, sha256, text, time } from './values.ts';

export const auditEventSchema = schemaOf<AuditEvent>(
  'AuditEvent',
  'One change or refusal, in its place in the chain',
)(
  z.strictObject({
    id,
    at: time,
    actor: z.strictObject({
      kind: z.enum(['token', 'oidc', 'bootstrap', 'broker', 'anonymous']),
      id: text,
      role: z.enum(roles).exactOptional(),
    }),
    from: text.describe('Address that it came from').exactOptional(),
    action: text,
    target: z.strictObject({ kind: text, id: text }).exactOptional(),
    outcome: z.enum(['done', 'refused']),
    reason: text.exactOptional(),
    count: z.int().positive().describe('How many refusals of one kind it stands for').exactOptional(),
    before: z.unknown().optional(),
    after: z.unknown().optional(),
    seq: z.int().min(1),
    previous: sha256,
    hash: sha256,
  }),
);
