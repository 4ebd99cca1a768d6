import type { Command } from 'commander';
import type { ResolvedAsset } from '../../../boot/asset/asset.ts';
import { writtenAs } from '../../../boot/asset/initrd.ts';
import { profileFields } from '../../../boot/fields/profile.ts';
import type { ProfileRevision } from '../../../boot/profile.ts';
import { type BrokerOptions, brokerOptions } from '../../broker/broker.ts';
import { cell, printList } from '../../output/listing.ts';
import { queryOf, type Said, searchOptions } from '../../verb/field-options.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

export function profileList(command: Command, system: System): void {
  brokerOptions(
    searchOptions(example(command, ['bootbroker profile list --name debian']), profileFields),
  ).action((options: BrokerOptions & { readonly json?: true } & Said) =>
    printList<ProfileRevision>(system, options, {
      path: 'profiles',
      query: queryOf(profileFields, options),
      titles: ['NAME', 'REVISION', 'CREATED', 'ARCH', 'STARTS', 'INITRDS', 'COMMAND LINE'],
      row: ({ name, id, created_at, arch, kernel, efi, iso, disk, initrds, cmdline }) => [
        name,
        id,
        created_at,
        arch,
        cell(disk ? 'disk' : assetName(kernel ?? efi ?? iso)),
        cell(initrds.map(assetName).join(',')),
        cell(cmdline),
      ],
    }),
  );
}

function assetName(asset: ResolvedAsset | undefined): string | undefined {
  return asset && writtenAs(asset);
}
