import { type ZodType, z } from 'zod';
import type { Activation } from '../../boot/activation.ts';

/** What a type says, whoever may write to it. */
type Plain<Type> = Type extends object ? { -readonly [Key in keyof Type]: Plain<Type[Key]> } : Type;

/** True of one and the same type only: types that take each other's values may still differ in what is optional. */
type Same<A, B> =
  (<Type>() => Type extends A ? 1 : 2) extends <Type>() => Type extends B ? 1 : 2 ? true : false;

/** The schema of a type of the policy, under its name in the API's description. The compiler takes none that says anything else. */
export function schemaOf<Type>(id: string, description: string) {
  return <Schema extends ZodType>(
    schema: Same<Plain<z.output<Schema>>, Plain<Type>> extends true ? Schema : never,
  ): Schema => schema.meta({ id, description });
}

/** Of what was made. */
export const location = { Location: 'Where it is from now on' };

export const id = z.string().meta({ format: 'uuid', description: 'UUIDv7' });
export const time = z.string().meta({ format: 'date-time', description: 'RFC 3339, UTC' });
export const text = z.string();
export const bytes = z.int().nonnegative().describe('Bytes');
export const mac = z
  .string()
  .regex(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/)
  .meta({ description: 'MAC address', examples: ['52:54:00:aa:bb:01'] });
export const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .describe('Hex');
export const activationSchema = schemaOf<Activation>(
  'Activation',
  'A move to a profile revision',
)(z.strictObject({ revision: id, at: time }));
/** What a machine and a rule have in common. */
export const pointer = {
  active: id.describe('The profile revision that it points to').exactOptional(),
  history: z.array(activationSchema).describe('Oldest first'),
  version: z.int().positive().describe('Each write raises it by one'),
  updated_at: time,
};

/** A page of a list; `next` goes into `cursor`, and is absent on the last page. */
export function pageSchema(item: ZodType) {
  return z.strictObject({
    items: z.array(item),
    next: text.describe('Cursor of the next page; absent on the last').exactOptional(),
  });
}
