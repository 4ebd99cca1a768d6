import { type ZodRawShape, z } from 'zod';
import { schemaOf } from '../../../boot/schema/type.ts';
import { text } from '../../../boot/schema/values.ts';
import { warnings as known, type Warning } from '../../../boot/warning.ts';
import type { Reply } from '../route.ts';

const types = Object.keys(known).map((name) => `urn:bootbroker:warning:${name}` as Warning['type']);
const warningSchema = schemaOf<Warning>(
  'Warning',
  'What a write is done in spite of',
)(z.strictObject({ type: z.enum(types), detail: text.describe('One sentence or two for a person') }));

/** The field of every answer to a write. */
export const warningsField = {
  warnings: z
    .array(warningSchema)
    .describe('What is done nevertheless, and should be known; absent: nothing')
    .exactOptional(),
};

/** What a write answers with, and what is to be said of it. */
export function withWarnings<Shape extends ZodRawShape>(answer: z.ZodObject<Shape>) {
  return z.strictObject({ ...answer.shape, ...warningsField });
}

/** The same answer, with what is to be said of it. */
export function warned(reply: Reply, warnings: readonly Warning[]): Reply {
  if (warnings.length === 0 || typeof reply.body !== 'object') return reply;
  return { ...reply, body: { ...reply.body, warnings } };
}
