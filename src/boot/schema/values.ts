import { z } from 'zod';
import type { Activation } from '../activation.ts';
import { archNames, parseArchName } from '../asset/arch.ts';
import { archs, isName, isVersion } from '../asset/asset-name.ts';
import { macFault } from '../machine/hardware-address.ts';
import { isSerial, parseMac, parseUuid } from '../machine/identity.ts';
import { isMake, longestMake } from '../machine/make.ts';
import { parseNetwork } from '../network.ts';
import { schemaOf } from './type.ts';

/** Checks by one of the policy's own parsers, and takes over its spelling, of which `spelling` tells. */
function spelled(
  parse: (text: string) => string | undefined,
  wanted: string | ((text: string) => string),
  spelling: z.ZodType<string, string> = z.string(),
) {
  return z
    .string()
    .max(256)
    .transform((text, context) => {
      const found = parse(text);
      if (found === undefined)
        context.addIssue(`must be ${typeof wanted === 'string' ? wanted : wanted(text)}`);
      return found ?? z.NEVER;
    })
    .pipe(spelling);
}

export const name = z.string().refine(isName, 'must be 1 to 128 of A-Z a-z 0-9 . _ - and neither . nor ..');
export const version = z
  .string()
  .refine(isVersion, 'must be 1 to 128 of A-Z a-z 0-9 . _ + ~ : - and neither . nor ..');
/** In any of its spellings. */
export const arch = spelled(parseArchName, archNames).pipe(z.enum(archs));
export const mac = spelled(
  parseMac,
  (text) => `one interface's MAC address, such as 52:54:00:aa:bb:01${macFault(text)}`,
  z
    .string()
    .regex(/^([0-9a-f]{2}:){5}([0-9a-f]{2}:[0-9a-f]{2}:|([0-9a-f]{2}:){14})?[0-9a-f]{2}$/)
    .meta({
      description: 'MAC address, of 6, 8 (InfiniBand) or 20 octets (IPoIB)',
      examples: ['52:54:00:aa:bb:01'],
    }),
);
export const uuid = spelled(parseUuid, 'an SMBIOS UUID that is set');
export const serial = z.string().refine(isSerial, 'must be 1 to 128 printable ASCII characters');
export const make = z
  .string()
  .max(longestMake)
  .refine(isMake, `must be 1 to ${longestMake} characters, none of which is a control character`);
export const network = spelled(
  (text) => parseNetwork(text)?.cidr,
  'a network in CIDR form without host bits',
);

export const id = z.string().meta({ format: 'uuid', description: 'UUIDv7' });
export const time = z.string().meta({ format: 'date-time', description: 'RFC 3339, UTC' });
export const text = z.string();
export const bytes = z.int().nonnegative().describe('Bytes');
export const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits')
  .describe('Hex');
export const crc32c = z
  .string()
  .regex(/^[A-Za-z0-9+/]{5}[AQgw]==$/, 'must be base64 of the big-endian CRC32C, 8 characters')
  .describe('Base64 of the big-endian CRC32C, as Google writes it');

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
export const managedBy = z.literal('apply').describe('Made or taken over by an apply').exactOptional();

export function atMost(count: number): (value: object) => boolean {
  return (value) => Object.keys(value).length <= count;
}

/** Each field of a shape, which need not be there. */
export function allOptional<Shape extends z.ZodRawShape>(shape: Shape) {
  type Optional = { [Key in keyof Shape]: z.ZodExactOptional<Shape[Key]> };
  const optional = Object.entries(shape).map(([key, schema]) => [key, z.exactOptional(schema)]);
  return Object.fromEntries(optional) as Optional;
}
