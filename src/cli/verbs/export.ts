import type { Command } from 'commander';
import { exported } from '../../boot/apply/export.ts';
import type { Asset } from '../../boot/asset/asset.ts';
import type { Machine } from '../../boot/machine/machine.ts';
import type { ProfileRevision } from '../../boot/profile.ts';
import type { Rule } from '../../boot/rule/rule.ts';
import { allItems } from '../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../broker/broker.ts';
import { manifestText, writeWhole } from '../manifest/write.ts';
import { jsonLine, printable } from '../verb/printable.ts';
import type { System } from '../verb/system.ts';
import { example } from '../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly output?: string;
  readonly json?: true;
}

export function exportState(command: Command, system: System): void {
  brokerOptions(
    example(command, [
      'bootbroker export -o site.yaml',
      '',
      'Of assets it says which bytes they have; it does not hold the bytes.',
    ]).option('-o, --output <file>', 'where to (default: standard output)'),
  ).action(async ({ output, json, ...options }: Options) => {
    const api = broker(system, options);
    const limit = '1000';
    const state = exported({
      assets: await allItems<Asset>(api, 'assets', { limit }),
      profiles: await allItems<ProfileRevision>(api, 'profiles', { limit }),
      rules: await allItems<Rule>(api, 'rules', { limit }),
      machines: await allItems<Machine>(api, 'machines', { limit }),
    });
    const text = json ? jsonLine(state) : manifestText(state);
    if (output === undefined || output === '-') system.stdout.write(text);
    else {
      writeWhole(output, text);
      const { assets, profiles, rules, machines } = state;
      const counts = `${machines.length} machines, ${profiles.length} profiles, ${rules.length} rules, ${assets.length} assets`;
      system.stderr.write(`${printable(`${output}: ${counts}`)}\n`);
    }
  });
}
