import { type Command, Option } from 'commander';
import type { Asset } from '../../../boot/asset.ts';
import { type BrokerOptions, brokerOptions } from '../../broker/broker.ts';
import { printList } from '../../output/listing.ts';
import { bytes } from '../../output/units.ts';
import { kindOption } from '../../verb/options.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly kind?: string;
  readonly name?: string;
  readonly version?: string;
  readonly state?: string;
  readonly json?: true;
}

const states = ['created', 'uploading', 'verifying', 'ready', 'retired'] satisfies Asset['state'][];

export function assetList(command: Command, system: System): void {
  brokerOptions(
    example(command, ['bootbroker asset list --kind kernel --state ready'])
      .addOption(kindOption())
      .option('--name <name>', 'only those of this name')
      .option('--version <version>', 'only those of this version')
      .addOption(new Option('--state <state>', 'only those in this state').choices(states)),
  ).action(({ kind, name, version, state, ...options }: Options) =>
    printList<Asset>(system, options, {
      path: 'assets',
      query: { kind, name, version, state },
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
