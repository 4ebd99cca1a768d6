import { z } from 'zod';
import { type Selector, selectorFault } from '../rule/selector.ts';
import { parseSize } from '../size.ts';
import { arch, mac, make, name, network, serial, uuid } from './values.ts';

type Plain<Type> = Type extends object ? { -readonly [Key in keyof Type]: Plain<Type[Key]> } : Type;

const pattern = make.describe(
  'Found anywhere in the name; with a * it is about the whole name, and * is anything. In either case',
);
const size = z
  .union([z.string().max(32), z.number()], { error: 'must be bytes, such as 68719476736 or 64GiB' })
  .transform((value, context) => {
    const bytes = typeof value === 'number' ? value : parseSize(value);
    if (bytes !== undefined && Number.isSafeInteger(bytes) && bytes > 0) return bytes;
    context.addIssue('must be bytes, such as 68719476736 or 64GiB');
    return z.NEVER;
  })
  .pipe(z.int().positive().describe('Bytes, or a size such as 64GiB'));

const hardware = z
  .strictObject({
    cpu: pattern.exactOptional(),
    memory_at_least: size.exactOptional(),
    drive: pattern.exactOptional(),
    accelerator: pattern.exactOptional(),
    nic: pattern.exactOptional(),
  })
  .refine((wanted) => Object.keys(wanted).length > 0, 'must name some hardware')
  .describe('What is registered of the machine; of several, all hold');

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
      z.strictObject({ hardware }),
      z.strictObject({ manufacturer: pattern }),
      z.strictObject({ product: pattern }),
    ],
    {
      error:
        'must be one of {all: [...]}, {any: [...]}, {not: ...}, {mac}, {uuid}, {serial}, {label: {NAME: VALUE or true}}, {arch}, {network}, {hardware: {cpu, memory_at_least, drive, accelerator, nic}}, {manufacturer}, {product}; {all: []} is every machine',
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
