import type { Command } from 'commander';
import type { Arch, AssetKind } from '../../../boot/asset/asset-name.ts';
import { filenameFault } from '../../../boot/asset/filename.ts';
import { accepted } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { pushFile, pushing, sentence } from '../../push/push-file.ts';
import { openSource } from '../../push/source-file.ts';
import { Failure } from '../../verb/failure.ts';
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
  readonly filename?: string;
  readonly type?: string;
  readonly verify?: string;
  readonly json?: true;
}

export function assetPush(command: Command, system: System): void {
  brokerOptions(
    example(command, [
      'bootbroker asset push vmlinuz --kind kernel --name debian-12 --version 6.1',
      'bootbroker asset push grubx64.efi --kind efi --name ipxe --version 2 \\',
      '    --filename grubx64.efi',
      '',
      'What firmware gets first of a chain has no filename. Push it last: from then',
      'on the chain is in use.',
      '',
      'An upload that was interrupted goes on where it stopped when the same command',
      'is run again.',
    ])
      .addOption(kindOption().makeOptionMandatory())
      .requiredOption('--name <name>', 'name of the asset')
      .requiredOption('--version <version>', 'its version; an asset that is ready never changes')
      .addOption(archOption('what it is for').default('x86_64'))
      .option(
        '--filename <name>',
        'what it is called beside the first stage (efi), or among the files of its image (file)',
      )
      .option('--type <type>', 'content type under which it is served (default: that of its kind)')
      .addOption(verifyOption()),
  ).action((path: string, options: Options) => run(path, options, system));
}

async function run(path: string, options: Options, system: System): Promise<void> {
  const { kind, name, version, arch, filename, type, verify } = options;
  assertNamed(name, version);
  const named = { kind, name, version, arch, ...(filename !== undefined && { filename }) };
  const fault = filenameFault(named);
  if (fault) throw new Failure('usage', `--filename ${fault}`);
  const pushed = await interruptible('run the same command again to go on where it stopped', (signal) => {
    const api = broker(system, options, signal);
    return pushing(system, api, { signal, quiet: options.json === true }, async (by) => {
      // a wrong path, address or token shows before gigabytes are hashed
      await (await openSource(path)).close();
      accepted(await api.get('assets', { kind, name, version }));
      return pushFile({ path, name: named, type, verify }, by);
    });
  });
  system.stdout.write(options.json ? jsonLine(pushed) : sentence(pushed));
}
