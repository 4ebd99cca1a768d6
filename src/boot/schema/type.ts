import type { ZodType, z } from 'zod';

/** What a type says, whoever may write to it. */
type Plain<Type> = Type extends object ? { -readonly [Key in keyof Type]: Plain<Type[Key]> } : Type;

/** The same, for those who may only read it. */
type ReadOnly<Type> = Type extends object ? { readonly [Key in keyof Type]: ReadOnly<Type[Key]> } : Type;

/** The type of what a schema lets through; nobody writes to it. */
export type Output<Schema extends ZodType> = ReadOnly<z.output<Schema>>;

/** True of one and the same type only: types that take each other's values may still differ in what is optional. */
type Same<A, B> =
  (<Type>() => Type extends A ? 1 : 2) extends <Type>() => Type extends B ? 1 : 2 ? true : false;

/** The schema of a type of the policy, under its name in the API's description. The compiler takes none that says anything else. */
export function schemaOf<Type>(id: string, description: string) {
  return <Schema extends ZodType>(
    schema: Same<Plain<z.output<Schema>>, Plain<Type>> extends true ? Schema : never,
  ): Schema => schema.meta({ id, description });
}
