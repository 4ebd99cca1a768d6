import type { Command } from 'commander';
import type { Asset } from '../../../boot/asset/asset.ts';
import type { Upload } from '../../../boot/asset/upload.ts';
import { accepted } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { outline } from '../../output/outline.ts';
import { jsonLine } from '../../verb/printable.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

type Options = BrokerOptions & { readonly json?: true };

export function uploadShow(command: Command, system: System): void {
  brokerOptions(example(command, ['bootbroker upload show 019a2f60-0000-7000-8000-000000000000'])).action(
    async (id: string, options: Options) => {
      const api = broker(system, options);
      const upload = accepted(await api.get(`uploads/${encodeURIComponent(id)}`)) as Upload;
      const asset = accepted(await api.get(`assets/${upload.asset_id}`)) as Asset;
      const both = { upload, asset };
      system.stdout.write(options.json ? jsonLine(both) : outline(both));
    },
  );
}
