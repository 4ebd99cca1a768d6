import { z } from 'zod';
import { id, text, time } from './values.ts';

const step = z
  .strictObject({
    at: time.describe('When it happened first'),
    stage: text.describe('script, asset, or what the machine reported: up, installed, failed, ...'),
    source: text.describe('Address that it came from, the last time'),
    detail: text
      .describe('Which asset, and by which plan; or what the machine said last, at most 2 KiB')
      .exactOptional(),
    times: z.int().min(2).describe('How often, where it was more than once').exactOptional(),
    last_at: time.describe('When it happened last, where it was more than once').exactOptional(),
  })
  .meta({ id: 'BootStep', description: 'Something that happened in a boot' });

export const bootRecordSchema = z
  .strictObject({
    id,
    machine_id: id,
    revision: id.describe('The profile revision that its script, or its first asset, was of').exactOptional(),
    source: text.describe('Address that it began from'),
    at: time.describe('When it began'),
    steps: z.array(step).describe('Oldest first; at most 64, and 16 KiB as JSON'),
    left_out: z
      .int()
      .positive()
      .describe('How many more steps there were than it keeps: too many, or too fast')
      .exactOptional(),
  })
  .meta({ id: 'Boot', description: 'One boot of a machine, from its script to what it reported' });
