import type { Command } from 'commander';
import type { Asset } from '../../../boot/asset/asset.ts';
import { type Arch, type AssetKind, assetTitle } from '../../../boot/asset/asset-name.ts';
import { accepted } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { allAssetsNamed } from '../../broker/named.ts';
import { archOption, kindOption } from '../../verb/options.ts';
import { jsonLine, printable } from '../../verb/printable.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly kind?: AssetKind;
  readonly arch?: Arch;
  readonly json?: true;
}

/** `retire` and `unretire`: the same on the way to another state. */
export function assetRetire(command: Command, system: System): void {
  const to = command.name();
  brokerOptions(
    example(command, [`bootbroker asset ${to} debian-12@6.1`])
      .addOption(kindOption())
      .addOption(archOption('only this architecture')),
  ).action(async (texts: readonly string[], options: Options) => {
    const api = broker(system, options);
    const found = await allAssetsNamed(api, texts, options);
    const items: Asset[] = [];
    for (const { id } of found) {
      const asset = accepted(await api.post(`assets/${id}/${to}`)) as Asset;
      items.push(asset);
      if (!options.json) system.stdout.write(`${printable(`${assetTitle(asset)} is ${asset.state}`)}\n`);
    }
    if (options.json) system.stdout.write(jsonLine({ items }));
  });
}
