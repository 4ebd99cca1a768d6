import { z } from 'zod';
import { id, text, time } from './values.ts';

export const bootEventSchema = z
  .strictObject({
    /** UUIDv7; a repeated report carries the id of the first. */
    id: text,
    at: time,
    machine_id: id,
    revision: id.exactOptional(),
    stage: text.describe('script, asset, or what the machine reported: up, installed, failed, ...'),
    source: text.describe('Address that it came from'),
    /** Which plan answered, of which asset; or what the machine said, at most 16 KiB. */
    detail: text.exactOptional(),
  })
  .meta({ id: 'BootEvent', description: 'Something that happened in the boot of a machine' });
