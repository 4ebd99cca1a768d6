import { z } from 'zod';
import type { Client } from '../../../boot/client.ts';
import type { Plan } from '../../../boot/plan.ts';
import { schemaOf } from '../../../boot/schema/type.ts';
import { text } from '../../../boot/schema/values.ts';

const planKindSchema = schemaOf<Plan['kind'] | 'refuse'>(
  'PlanKind',
  'Who follows the signed URL: the client (redirect), the edge (handoff), or the broker (stream); disk: the machine is sent on to its own',
)(z.enum(['text', 'disk', 'redirect', 'handoff', 'stream', 'refuse']));
export const planned = { plan: planKindSchema, reason: text };
export const clientSchema = schemaOf<Client>(
  'Client',
  'What a caller is able to do, and how that is known',
)(
  z.strictObject({
    id: text,
    followsRedirects: z.boolean(),
    https: z.boolean(),
    runsScripts: z.literal(true).describe('It runs an iPXE script').exactOptional(),
    reencodesQuery: z.boolean(),
    maxRedirectLength: z.int().positive().exactOptional(),
    evidence: z.strictObject({ kind: z.enum(['source', 'binary', 'report', 'guess']), text }),
    overridden: z
      .array(z.enum(['follows_redirects', 'https', 'reencodes_query', 'max_redirect_length']))
      .describe("What the machine's own overrides changed")
      .exactOptional(),
  }),
);
