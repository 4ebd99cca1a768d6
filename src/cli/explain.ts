import type { Command } from 'commander';
import type { ResolvedAsset } from '../boot/asset.ts';
import { accepted } from './api.ts';
import { type BrokerOptions, broker, brokerOptions } from './broker.ts';
import { outline } from './outline.ts';
import type { Outside } from './outside.ts';
import { jsonLine } from './printable.ts';
import { bytes } from './units.ts';
import { verb } from './verb.ts';

interface Options extends BrokerOptions {
  readonly mac?: string;
  readonly uuid?: string;
  readonly serial?: string;
  readonly userAgent?: string;
  readonly source?: string;
  readonly edge?: string;
  readonly json?: true;
}

export function explain(parent: Command, outside: Outside): void {
  brokerOptions(
    verb(parent, 'explain', 'Show what a machine would get now, and why, without booting it.', [
      'bootbroker explain --mac 52:54:00:12:34:56 --user-agent UefiHttpBoot/1.0',
    ])
      .option('--mac <mac>', 'the MAC that it would send')
      .option('--uuid <uuid>', 'the SMBIOS UUID that it would send')
      .option('--serial <serial>', 'the serial number that it would send')
      .option('--user-agent <text>', 'the User-Agent of its firmware or loader')
      .option('--source <address>', 'the address that it would ask from')
      .option('--edge <capabilities>', 'what the edge in between would say it can: cache,follow'),
  ).action(async ({ mac, uuid, serial, userAgent, source, edge, ...options }: Options) => {
    const query = { mac, uuid, serial, user_agent: userAgent, source, edge };
    const answer = accepted(await broker(outside, options).get('explain', query)) as Record<string, unknown>;
    outside.stdout.write(options.json ? jsonLine(answer) : outline(brief(answer) as Record<string, unknown>));
  });
}

/** An asset in one line: who wants all of it asks for JSON. */
function brief(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(brief);
  const { name, version, arch, size, sha256 } = value as Partial<ResolvedAsset>;
  if (name && version && arch && size !== undefined && sha256)
    return `${name}@${version} for ${arch}, ${bytes(size)}, sha256 ${sha256}`;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, brief(one)]));
}
