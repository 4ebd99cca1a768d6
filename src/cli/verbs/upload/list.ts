import type { Command } from 'commander';
import { uploadFields } from '../../../boot/fields/upload.ts';
import type { Upload } from '../../../boot/upload.ts';
import { type BrokerOptions, brokerOptions } from '../../broker/broker.ts';
import { printList } from '../../output/listing.ts';
import { queryOf, type Said, searchOptions } from '../../verb/field-options.ts';
import type { Outside } from '../../verb/system.ts';
import { verb } from '../../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly json?: true;
}

export function uploadList(parent: Command, outside: Outside): void {
  brokerOptions(
    searchOptions(
      verb(parent, 'list', 'List the uploads, oldest first.', ['bootbroker upload list --state open']),
      uploadFields,
    ),
  ).action((options: Options & Said) =>
    printList<Upload>(outside, options, {
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
