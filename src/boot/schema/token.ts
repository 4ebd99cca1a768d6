import { z } from 'zod';
import { roles } from '../access/actor.ts';
import type { ApiToken } from '../access/token.ts';
import { schemaOf } from './type.ts';
import { id, name, text, time } from './values.ts';

/** What an administrator may say of a token. */
const said = { name, role: z.enum(roles) };

export const newToken = z.strictObject({
  ...said,
  expires_at: z.iso.datetime({ offset: true, error: 'must be a time of RFC 3339' }).exactOptional(),
});

export const tokenSchema = schemaOf<Omit<ApiToken, 'hash'>>(
  'ApiToken',
  'An API token, without what opens anything',
)(
  z.strictObject({
    id,
    ...said,
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
