import { type Command, Option } from 'commander';
import { type Upload, uploadStates } from '../../../boot/upload.ts';
import { type BrokerOptions, brokerOptions } from '../../broker/broker.ts';
import { printList } from '../../output/listing.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly state?: string;
  readonly json?: true;
}

export function uploadList(command: Command, system: System): void {
  brokerOptions(
    example(command, ['bootbroker upload list --state open']).addOption(
      new Option('--state <state>', 'only those in this state').choices(uploadStates),
    ),
  ).action(({ state, ...options }: Options) =>
    printList<Upload>(system, options, {
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
