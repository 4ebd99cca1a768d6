import type { Command } from 'commander';
import type { Asset } from '../../../boot/asset/asset.ts';
import { nameAtVersion } from '../../../boot/asset/asset-name.ts';
import { accepted } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { table } from '../../output/table.ts';
import { bytes } from '../../output/units.ts';
import { jsonLine } from '../../verb/printable.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly dryRun?: true;
  readonly orphanDays?: string;
  readonly json?: true;
}

interface Collected {
  readonly dry_run: boolean;
  readonly assets: readonly { readonly fate: string; readonly asset: Asset; readonly because: string }[];
  readonly orphans: readonly {
    readonly object: string;
    readonly size: number;
    readonly created_at: string;
  }[];
  readonly bytes: number;
}

export function assetGc(command: Command, system: System): void {
  brokerOptions(
    example(command, [
      'bootbroker asset gc --dry-run',
      '',
      'In use is what a machine or a rule boots, has booted according to its history,',
      'or is rolling out, and the newest revision of each profile. An asset that',
      'nothing in use refers to is condemned first, and deleted an hour later.',
    ])
      .option('--dry-run', 'only say what would be done')
      .option('--orphan-days <days>', 'age of objects that no record knows (default: 14, at least 8)'),
  ).action(async ({ dryRun, orphanDays, ...options }: Options) => {
    const query = { dry_run: dryRun ? '1' : undefined, orphan_days: orphanDays };
    const collected = accepted(
      await broker(system, options).post('assets/gc', undefined, query),
    ) as Collected;
    system.stdout.write(options.json ? jsonLine(collected) : told(collected));
  });
}

function told({ dry_run, assets, orphans, bytes: freed }: Collected): string {
  const rows = [
    ...assets.map(({ fate, asset, because }) => [
      fate,
      `${asset.kind} ${nameAtVersion(asset)} ${asset.arch}`,
      bytes(asset.size),
      because,
    ]),
    ...orphans.map(({ object, size, created_at }) => [
      'deleted',
      object,
      bytes(size),
      `unknown, of ${created_at}`,
    ]),
  ];
  const sum = `${bytes(freed)} ${dry_run ? 'would be' : 'are'} freed\n`;
  return rows.length > 0 ? table(['FATE', 'WHAT', 'SIZE', 'WHY'], rows) + sum : sum;
}
