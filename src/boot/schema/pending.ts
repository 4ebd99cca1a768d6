import { z } from 'zod';
import { mac, text, time } from './values.ts';

export const pendingSchema = z
  .strictObject({
    id: text.describe('The same for whoever says the same of itself'),
    mac: mac.exactOptional(),
    uuid: text.exactOptional(),
    serial: text.exactOptional(),
    /** What iPXE says of its build, as are the next two. */
    arch: text.exactOptional(),
    platform: text.exactOptional(),
    version: text.exactOptional(),
    address: text.describe('Where it asked from the last time'),
    first_seen: time,
    last_seen: time,
    count: z.int().positive().describe('How often it asked'),
  })
  .meta({
    id: 'PendingMachine',
    description:
      'A machine that nobody has registered and that asked to boot. All but the address is its own word',
  });
