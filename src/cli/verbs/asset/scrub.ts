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

/** Has the broker read assets again, and says how it found each. */
export function assetScrub(command: Command, system: System): void {
  brokerOptions(
    example(command, ['bootbroker asset scrub debian-12@6.1'])
      .addOption(kindOption())
      .addOption(archOption('only this architecture')),
  ).action(async (texts: readonly string[], options: Options) => {
    const api = broker(system, options);
    const found = await allAssetsNamed(api, texts, options);
    const items: Asset[] = [];
    for (const { id, scrubbed_at } of found) {
      const asset = accepted(await api.post(`assets/${id}/scrub`)) as Asset;
      items.push(asset);
      const isRead = asset.condition !== undefined || asset.scrubbed_at !== scrubbed_at;
      const how = asset.damage
        ? `damaged: ${asset.damage}`
        : isRead
          ? 'as it should be'
          : 'being read: see asset show';
      if (!options.json) system.stdout.write(`${printable(`${assetTitle(asset)} is ${how}`)}\n`);
    }
    if (options.json) system.stdout.write(jsonLine({ items }));
  });
}
