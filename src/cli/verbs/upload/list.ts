import type { Command } from 'commander';
import type { Upload } from '../../../boot/asset/upload.ts';
import { uploadFields } from '../../../boot/fields/upload.ts';
import { type BrokerOptions, brokerOptions } from '../../broker/broker.ts';
import { printList } from '../../output/listing.ts';
import { queryOf, type Said, searchOptions } from '../../verb/field-options.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly json?: true;
}

export function uploadList(command: Command, system: System): void {
  brokerOptions(
    searchOptions(example(command, ['bootbroker upload list --state open']), uploadFields),
  ).action((options: Options & Said) =>
    printList<Upload>(system, options, {
      path: 'uploads',
      query: queryOf(uploadFields, options),
      titles: ['CREATED', 'STATE', 'MODE', 'FILE', 'ID'],
      row: ({ created_at, state, mode, object, id }) => [
        created_at,
        state,
        mode,
        object.split('/').at(-1) ?? object,
        id,
      ],
    }),
  );
}
