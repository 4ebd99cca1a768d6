import { type Command, Option } from 'commander';
import { type Arch, type Asset, type AssetKind, archs, assetTitle } from '../../../boot/asset.ts';
import { accepted } from '../../broker/api.ts';
import { assetsNamed } from '../../broker/asset-named.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { jsonLine, printable } from '../../output/printable.ts';
import { kindOption } from '../../verb/asset-options.ts';
import type { Outside } from '../../verb/system.ts';
import { verb } from '../../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly kind?: AssetKind;
  readonly arch?: Arch;
  readonly json?: true;
}

export function assetRetire(parent: Command, outside: Outside): void {
  turning(
    parent,
    outside,
    'retire',
    'Take assets out of use: no new profile may name them; what does goes on booting.',
  );
}

export function assetUnretire(parent: Command, outside: Outside): void {
  turning(parent, outside, 'unretire', 'Take retired assets back into use, as long as they are not deleted.');
}

function turning(parent: Command, outside: Outside, to: 'retire' | 'unretire', about: string): void {
  brokerOptions(
    verb(parent, `${to} <id-or-name@version...>`, about, [`bootbroker asset ${to} debian-12@6.1`])
      .addOption(kindOption())
      .addOption(new Option('--arch <arch>', 'only this architecture').choices(archs)),
  ).action(async (texts: readonly string[], options: Options) => {
    const api = broker(outside, options);
    // all are found before the first is touched
    const found = (await Promise.all(texts.map((text) => assetsNamed(api, text, options)))).flat();
    const items: Asset[] = [];
    for (const { id } of found) {
      const asset = accepted(await api.post(`assets/${id}/${to}`)) as Asset;
      items.push(asset);
      if (!options.json) outside.stdout.write(`${printable(`${assetTitle(asset)} is ${asset.state}`)}\n`);
    }
    if (options.json) outside.stdout.write(jsonLine({ items }));
  });
}
