import type { Command } from 'commander';
import type { Upload } from '../../../boot/asset/upload.ts';
import { accepted } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { jsonLine, printable } from '../../verb/printable.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

type Options = BrokerOptions & { readonly json?: true };

export function uploadAbort(command: Command, system: System): void {
  brokerOptions(example(command, ['bootbroker upload abort 019a2f60-0000-7000-8000-000000000000'])).action(
    async (id: string, options: Options) => {
      const api = broker(system, options);
      const upload = accepted(await api.delete(`uploads/${encodeURIComponent(id)}`)) as Upload;
      system.stdout.write(
        options.json ? jsonLine(upload) : `${printable(`upload ${upload.id} is ${upload.state}`)}\n`,
      );
    },
  );
}
