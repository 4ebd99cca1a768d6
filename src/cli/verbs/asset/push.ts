import type { Command } from 'commander';
import type { Arch, AssetKind } from '../../../boot/asset/asset.ts';
import { accepted } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { pushFile, pushing, sentence } from '../../push/push-file.ts';
import { openSource } from '../../push/source-file.ts';
import { interruptible } from '../../verb/interrupt.ts';
import { archOption, assertNamed, kindOption, verifyOption } from '../../verb/options.ts';
import { jsonLine } from '../../verb/printable.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly kind: AssetKind;
  readonly name: string;
  readonly version: string;
  readonly arch: Arch;
  readonly type?: string;
  readonly verify?: string;
  readonly json?: true;
}

export function assetPush(command: Command, system: System): void {
  brokerOptions(
    example(command, [
      'bootbroker asset push vmlinuz --kind kernel --name debian-12 --version 6.1',
      '',
      'An upload that was interrupted goes on where it stopped when the same command',
      'is run again.',
    ])
      .addOption(kindOption().makeOptionMandatory())
      .requiredOption('--name <name>', 'name of the asset')
      .requiredOption('--version <version>', 'its version; an asset that is ready never changes')
      .addOption(archOption('what it is for').default('x86_64'))
      .option('--type <type>', 'content type under which it is served (default: that of its kind)')
      .addOption(verifyOption()),
  ).action((path: string, options: Options) => run(path, options, system));
}

async function run(path: string, options: Options, system: System): Promise<void> {
  const { kind, name, version, arch, type, verify } = options;
  assertNamed(name, version);
  const pushed = await interruptible('run the same command again to go on where it stopped', (signal) => {
    const api = broker(system, options, signal);
    return pushing(system, api, { signal, quiet: options.json === true }, async (by) => {
      // a wrong path, address or token shows before gigabytes are hashed
      await (await openSource(path)).close();
      accepted(await api.get('assets', { kind, name, version }));
      return pushFile({ path, name: { kind, name, version, arch }, type, verify }, by);
    });
  });
  system.stdout.write(options.json ? jsonLine(pushed) : sentence(pushed));
}
