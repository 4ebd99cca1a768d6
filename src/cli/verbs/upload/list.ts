import { type Command, Option } from 'commander';
import { type Upload, uploadStates } from '../../../boot/upload.ts';
import { type BrokerOptions, brokerOptions } from '../../broker/broker.ts';
import { printList } from '../../output/listing.ts';
import type { Outside } from '../../verb/system.ts';
import { verb } from '../../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly state?: string;
  readonly json?: true;
}

export function uploadList(parent: Command, outside: Outside): void {
  brokerOptions(
    verb(parent, 'list', 'List the uploads, oldest first.', [
      'bootbroker upload list --state open',
    ]).addOption(new Option('--state <state>', 'only those in this state').choices(uploadStates)),
  ).action(({ state, ...options }: Options) =>
    printList<Upload>(outside, options, {
      path: 'uploads',
      query: { state },
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
