import type { Command } from 'commander';
import type { Asset } from '../../../boot/asset.ts';
import { assetFields } from '../../../boot/fields/asset.ts';
import { type BrokerOptions, brokerOptions } from '../../broker/broker.ts';
import { printList } from '../../output/listing.ts';
import { bytes } from '../../output/units.ts';
import { queryOf, type Said, searchOptions } from '../../verb/field-options.ts';
import type { Outside } from '../../verb/system.ts';
import { verb } from '../../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly json?: true;
}

export function assetList(parent: Command, outside: Outside): void {
  brokerOptions(
    searchOptions(
      verb(parent, 'list', 'List the assets.', ['bootbroker asset list --kind kernel --state ready']),
      assetFields,
    ),
  ).action((options: Options & Said) =>
    printList<Asset>(outside, options, {
      path: 'assets',
      query: queryOf(assetFields, options),
      titles: ['KIND', 'ASSET', 'ARCH', 'SIZE', 'STATE', 'ID'],
      row: (asset) => [
        asset.kind,
        `${asset.name}@${asset.version}`,
        asset.arch,
        bytes(asset.size),
        asset.failure ? `${asset.state}: ${asset.failure}` : asset.state,
        asset.id,
      ],
    }),
  );
}
