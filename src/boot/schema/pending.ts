import { z } from 'zod';
import { id, mac, text, time } from './values.ts';

const observation = {
  uuid: text.exactOptional(),
  serial: text.exactOptional(),
  /** What iPXE says of its build, as are the next two. */
  arch: text.exactOptional(),
  platform: text.exactOptional(),
  version: text.exactOptional(),
  placeholders: z
    .strictObject({ uuid: text.exactOptional(), serial: text.exactOptional() })
    .describe('What it said that firmware says where nobody set it: nothing is found by it')
    .exactOptional(),
  like: z
    .array(z.strictObject({ by: z.enum(['uuid', 'serial']), machine: id }))
    .describe('Registered machines that have the same UUID or serial, but not this MAC')
    .exactOptional(),
  address: text.describe('Where it asked from'),
  first_seen: time,
  last_seen: time,
  count: z.int().positive().describe('How often it asked'),
};

export const observationSchema = z
  .strictObject(observation)
  .meta({ id: 'Observation', description: 'What one caller said. All but the address is its own word' });

export const pendingSchema = z
  .strictObject({
    id: text.describe(
      'The same for whoever says the same MAC of itself; without one, the same UUID or serial',
    ),
    mac: mac.exactOptional(),
    ...observation,
    others: z
      .array(observationSchema)
      .describe(
        'What was said under the same name from other addresses, or in contradiction; the oldest first',
      )
      .exactOptional(),
  })
  .meta({
    id: 'PendingMachine',
    description:
      'A machine that nobody has registered and that asked to boot: what was said first, and by whom',
  });
