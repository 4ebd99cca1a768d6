import type { Command } from 'commander';
import type { Asset } from '../../../boot/asset/asset.ts';
import type { Arch, AssetKind } from '../../../boot/asset/asset-name.ts';
import { accepted } from '../../broker/api.ts';
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
    const api = broker(system, options);
    const found = await assetsNamed(api, text, options);
    // By its id an asset is looked at in the storage; a list tells what was known before.
    const items = await Promise.all(
      found.map(async ({ id }) => accepted(await api.get(`assets/${id}`)) as Asset),
    );
    system.stdout.write(
      options.json ? jsonLine({ items }) : items.map((asset) => outline({ ...asset })).join('\n'),
    );
  });
}
