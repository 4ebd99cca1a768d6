import { type ZodType, z } from 'zod';
import { text } from '../../boot/schema/values.ts';

/** The header of an answer that made something. */
export const location = { Location: 'Where it is from now on' };

/** A page of a list; `next` goes into `cursor`, and is absent on the last page. */
export function pageSchema(item: ZodType) {
  return z.strictObject({
    items: z.array(item),
    next: text.describe('Cursor of the next page; absent on the last').exactOptional(),
  });
}
