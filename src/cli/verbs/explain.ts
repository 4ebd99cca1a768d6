import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { hashOf, type ResolvedAsset } from '../../boot/asset/asset.ts';
import { writtenAs } from '../../boot/asset/initrd.ts';
import { explained } from '../../boot/explain/explain.ts';
import { type Recording, replayed as worldOf } from '../../boot/explain/recording.ts';
import { accepted } from '../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../broker/broker.ts';
import { outline } from '../output/outline.ts';
import { bytes } from '../output/units.ts';
import { Failure } from '../verb/failure.ts';
import { jsonLine } from '../verb/printable.ts';
import type { System } from '../verb/system.ts';
import { example } from '../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly mac?: string;
  readonly uuid?: string;
  readonly serial?: string;
  readonly manufacturer?: string;
  readonly product?: string;
  readonly userAgent?: string;
  readonly arch?: string;
  readonly source?: string;
  readonly forwardedFor?: string;
  readonly edge?: string;
  readonly hw?: string;
  readonly record?: string;
  readonly replay?: string;
  readonly json?: true;
}

export function explain(command: Command, system: System): void {
  brokerOptions(
    example(command, ['bootbroker explain --mac 52:54:00:12:34:56 --user-agent UefiHttpBoot/1.0'])
      .option('--mac <mac>', 'the MAC that it would send')
      .option('--uuid <uuid>', 'the SMBIOS UUID that it would send')
      .option('--serial <serial>', 'the serial number that it would send')
      .option('--manufacturer <text>', 'the SMBIOS manufacturer that it would send')
      .option('--product <text>', 'the SMBIOS product name that it would send')
      .option('--user-agent <text>', 'the User-Agent of its firmware or loader')
      .option('--arch <arch>', 'the architecture that it would say it has')
      .option('--source <address>', 'the address that it would ask from')
      .option('--forwarded-for <addresses>', 'the X-Forwarded-For that would come with it')
      .option('--edge <capabilities>', 'what the edge in between would say it can: cache,follow')
      .option('--hw <mac>', 'the MAC of the interface that this edge would say speaks')
      .option('--record <file>', 'also write down all that the decision goes by')
      .option('--replay <file>', 'decide by what was written down, without a broker'),
  ).action(async ({ json, ...options }: Options) => {
    const answer =
      options.replay === undefined ? await asked(system, options) : await replayed(options.replay);
    system.stdout.write(json ? jsonLine(answer) : outline(brief(answer) as Record<string, unknown>));
  });
}

async function asked(system: System, options: Options): Promise<Record<string, unknown>> {
  const { mac, uuid, serial, manufacturer, product, arch, source, edge, hw, record } = options;
  const query = {
    ...{ mac, uuid, serial, manufacturer, product, arch, source, edge, hw },
    user_agent: options.userAgent,
    forwarded_for: options.forwardedFor,
    facts: record === undefined ? undefined : '1',
  };
  const { facts, ...answer } = accepted(await broker(system, options).get('explain', query)) as Record<
    string,
    unknown
  >;
  if (record !== undefined) writeFileSync(record, `${JSON.stringify(facts, null, 2)}\n`);
  return answer;
}

/** The broker's own policy, here. */
async function replayed(file: string): Promise<Record<string, unknown>> {
  const { at, request, settings, answers } = recording(file);
  try {
    return { recorded_at: at, ...(await explained(request, settings, worldOf(answers))) };
  } catch (error) {
    throw new Failure('usage', `${file} cannot be replayed: ${(error as Error).message}; record it again`);
  }
}

function recording(file: string): Recording {
  try {
    const facts: Recording = JSON.parse(readFileSync(file, 'utf8'));
    if (facts?.version === 2) return facts;
  } catch (error) {
    throw new Failure('usage', `${file} cannot be read: ${(error as Error).message}`);
  }
  throw new Failure('usage', `${file} is no recording of this version; make one with --record`);
}

/** An asset in one line: who wants all of it asks for JSON. */
function brief(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(brief);
  if (isAsset(value)) {
    const { arch, size } = value;
    return `${writtenAs(value)} for ${arch}, ${bytes(size)}, ${hashOf(value)}`;
  }
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, brief(one)]));
}

function isAsset(value: object): value is ResolvedAsset {
  return ['asset_id', 'name', 'version', 'arch', 'size', 'crc32c'].every((key) => Object.hasOwn(value, key));
}
