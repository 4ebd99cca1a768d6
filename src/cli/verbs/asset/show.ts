import type { Command } from 'commander';
import type { Arch, AssetKind } from '../../../boot/asset/asset.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { assetsNamed } from '../../broker/named.ts';
import { outline } from '../../output/outline.ts';
import { archOption, kindOption } from '../../verb/options.ts';
import { jsonLine } from '../../verb/printable.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly kind?: AssetKind;
  readonly arch?: Arch;
  readonly json?: true;
}

export function assetShow(command: Command, system: System): void {
  brokerOptions(
    example(command, ['bootbroker asset show debian-12@6.1 --kind kernel'])
      .addOption(kindOption())
      .addOption(archOption('only this architecture')),
  ).action(async (text: string, options: Options) => {
    const items = await assetsNamed(broker(system, options), text, options);
    system.stdout.write(
      options.json ? jsonLine({ items }) : items.map((asset) => outline({ ...asset })).join('\n'),
    );
  });
}
