import { z } from 'zod';
import { archs } from '../../../boot/asset/asset-name.ts';
import { type Problem, problems } from '../../../boot/problem.ts';
import { machineSchema } from '../../../boot/schema/machine.ts';
import { profileRevisionSchema } from '../../../boot/schema/profile.ts';
import { mac, text } from '../../../boot/schema/values.ts';
import { clientSchema, planned } from './client-schema.ts';

const status = z.int().describe('Of the answer to a GET');
const plan = {
  status,
  ...planned,
  problem: z
    .enum(Object.keys(problems) as [Problem, ...Problem[]])
    .describe('Why it is refused')
    .exactOptional(),
  script: text.exactOptional(),
  asset: text.exactOptional(),
  signed_url: text.describe('What would be followed; its signature is masked').exactOptional(),
};

export const explanationSchema = z
  .strictObject({
    identity: z.strictObject({
      mac: mac.exactOptional(),
      uuid: text.exactOptional(),
      serial: text.exactOptional(),
    }),
    source: z
      .strictObject({
        address: text.exactOptional(),
        via: z.enum(['peer', 'forwarded', 'edge']).exactOptional(),
        admitted: z.boolean(),
        reason: text,
        machine_boots_from_here: z.boolean().exactOptional(),
      })
      .exactOptional(),
    machine: machineSchema.nullable(),
    assigned: z
      .strictObject({
        by: z.enum(['machine', 'rule', 'nothing', 'unknown-policy']),
        rule: text.exactOptional(),
        reason: text,
      })
      .describe('Who says what it boots'),
    rules: z
      .array(
        z.strictObject({
          priority: z.int(),
          name: text,
          outcome: z.enum(['won', 'lost', 'undecided', 'does not match']),
          reason: text,
        }),
      )
      .describe('Every rule, highest priority first; none when the machine has a profile of its own'),
    revision: profileRevisionSchema.nullable(),
    client: clientSchema,
    steps: z
      .array(
        z.strictObject({
          step: z.enum(['source', 'machine', 'from here', 'revision', 'rendered', 'plan']),
          says: text,
        }),
      )
      .describe('What the broker asks itself about the script, in this order, and what it came to'),
    status,
    ...planned,
    boot_url: z.strictObject({
      path: text,
      url: text.describe('With BROKER_PUBLIC_URL: where DHCP may send machines').exactOptional(),
      ...plan,
    }),
    script: z
      .strictObject(plan)
      .describe('What the first stage is given once it runs; absent where the caller runs scripts itself')
      .exactOptional(),
    first_stages: z.array(z.strictObject({ arch: z.enum(archs), path: text, ...plan })),
    assets: z.array(z.strictObject({ path: text, ...plan })),
    facts: z
      .record(z.string(), z.unknown())
      .describe('With facts=1: all that the decision goes by')
      .exactOptional(),
  })
  .meta({ id: 'Explanation', description: 'What a caller would get, and why' });
