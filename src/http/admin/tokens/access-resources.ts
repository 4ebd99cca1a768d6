import { z } from 'zod';
import { roles } from '../../../boot/access/actor.ts';
import type { AuditEvent } from '../../../boot/access/audit.ts';
import type { ApiToken } from '../../../boot/access/token.ts';
import { id, schemaOf, sha256, text, time } from '../fields.ts';

export const tokenSchema = schemaOf<Omit<ApiToken, 'hash'>>(
  'ApiToken',
  'An API token, without what opens anything',
)(
  z.strictObject({
    id,
    name: text,
    role: z.enum(roles),
    version: z.int().min(1),
    created_at: time,
    expires_at: time.exactOptional(),
    revoked_at: time.exactOptional(),
  }),
);
/** What creating one answers. */
export const createdTokenSchema = tokenSchema.extend({
  token: text.describe('What its holder sends as a bearer. It is shown here alone'),
});

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
