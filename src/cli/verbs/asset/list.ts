import type { Command } from 'commander';
import type { Asset } from '../../../boot/asset/asset.ts';
import { nameAtVersion } from '../../../boot/asset/asset-name.ts';
import { assetFields } from '../../../boot/fields/asset.ts';
import { type BrokerOptions, brokerOptions } from '../../broker/broker.ts';
import { printList } from '../../output/listing.ts';
import { bytes } from '../../output/units.ts';
import { queryOf, type Said, searchOptions } from '../../verb/field-options.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly json?: true;
}

export function assetList(command: Command, system: System): void {
  brokerOptions(
    searchOptions(example(command, ['bootbroker asset list --kind kernel --state ready']), assetFields),
  ).action((options: Options & Said) =>
    printList<Asset>(system, options, {
      path: 'assets',
      query: queryOf(assetFields, options),
      titles: ['KIND', 'ASSET', 'ARCH', 'SIZE', 'STATE', 'ID'],
      row: (asset) => [
        asset.kind,
        nameAtVersion(asset),
        asset.arch,
        bytes(asset.size),
        stateOf(asset),
        asset.id,
      ],
    }),
  );
}

function stateOf({ state, failure, condition }: Asset): string {
  if (condition) return `${state}, ${condition}`;
  return failure ? `${state}: ${failure}` : state;
}
