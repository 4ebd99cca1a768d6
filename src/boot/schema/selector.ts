import { z } from 'zod';
import { type Selector, selectorFault } from '../rule/selector.ts';
import { arch, mac, name, network, serial, uuid } from './values.ts';

type Plain<Type> = Type extends object ? { -readonly [Key in keyof Type]: Plain<Type[Key]> } : Type;

/** How a selector is written. */
const written: z.ZodType<Plain<Selector>> = z
  .union(
    [
      z.strictObject({
        get all() {
          return z.array(written);
        },
      }),
      z.strictObject({
        get any() {
          return z.array(written);
        },
      }),
      z.strictObject({
        get not() {
          return written;
        },
      }),
      z.strictObject({ mac }),
      z.strictObject({ uuid }),
      z.strictObject({ serial }),
      z.strictObject({
        label: z
          .record(name, z.union([z.string().max(256), z.literal(true)]))
          .refine((labels) => Object.keys(labels).length > 0, 'must name a label')
          .refine((labels) => Object.keys(labels).length <= 64, 'must not name more than 64 labels'),
      }),
      z.strictObject({ arch }),
      z.strictObject({ network }),
    ],
    {
      error:
        'must be one of {all: [...]}, {any: [...]}, {not: ...}, {mac}, {uuid}, {serial}, {label: {NAME: VALUE or true}}, {arch}, {network}; {all: []} is every machine',
    },
  )
  .meta({
    id: 'Selector',
    description:
      'Which machines: {all: []} is every one, {any: []} none; a label that is true is there, whatever it says',
  });

/** As it comes in: its bounds are checked before anybody walks it. */
export const selectorInput = z.preprocess((value, context) => {
  const fault = selectorFault(value);
  if (!fault) return value;
  context.addIssue(fault);
  return z.NEVER;
}, written);

export const selectorSchema = written;
