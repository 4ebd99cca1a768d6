import { join } from 'node:path';
import type { Command } from 'commander';
import type { Arch, AssetKind } from '../../../boot/asset/asset-name.ts';
import { accepted } from '../../broker/api.ts';
import { type BrokerOptions, broker, brokerOptions } from '../../broker/broker.ts';
import { fetchFile } from '../../fetch/fetch-file.ts';
import { type Source, shown } from '../../fetch/import-source.ts';
import { sourcesOf } from '../../fetch/import-sources.ts';
import type { Pushed } from '../../push/push.ts';
import { type Pushing, pushFile, pushing, sentence, stallMs } from '../../push/push-file.ts';
import { openSource } from '../../push/source-file.ts';
import { Failure } from '../../verb/failure.ts';
import { interruptible } from '../../verb/interrupt.ts';
import { archOption, kindOption, verifyOption } from '../../verb/options.ts';
import { jsonLine, printable } from '../../verb/printable.ts';
import type { System } from '../../verb/system.ts';
import { example } from '../../verb/verb.ts';

interface Options extends BrokerOptions {
  readonly kind?: AssetKind;
  readonly name?: string;
  readonly version?: string;
  readonly arch?: Arch;
  readonly sha256?: string;
  readonly verify?: string;
  readonly json?: true;
}

export function assetImport(command: Command, system: System): void {
  brokerOptions(
    example(command, [
      'bootbroker asset import https://example.org/linux https://example.org/initrd \\',
      '    --name debian-12 --version 12.5',
      'bootbroker asset import images/',
      '',
      'They are fetched by this machine, never by the broker. What a file is, its',
      'name says: vmlinuz, linux, bzImage, Image: a kernel; initrd, initramfs: an',
      'initrd; *.efi; *.iso; rootfs, *.squashfs: a rootfs. A folder holds',
      'NAME/VERSION/FILE or NAME/VERSION/ARCH/FILE; with --name and --version the',
      'files of one image.',
      '',
      'An import that was interrupted goes on where it stopped when the same command',
      'is run again.',
    ])
      .addOption(kindOption())
      .option('--name <name>', 'name of the assets')
      .option('--version <version>', 'their version')
      .addOption(archOption('unless its folder says it, else x86_64'))
      .option('--sha256 <hex>', 'what the one source must have')
      .addOption(verifyOption()),
  ).action((args: readonly string[], options: Options) => run(args, options, system));
}

async function run(args: readonly string[], options: Options, system: System): Promise<void> {
  const { kind, name, version, arch, sha256 } = options;
  const { sources, skipped } = await sourcesOf(args, { kind, name, version, arch });
  if (sha256 !== undefined && (sources.length !== 1 || !/^[0-9a-f]{64}$/.test(sha256)))
    throw new Failure(
      'usage',
      '--sha256 is 64 lower-case hex digits, and for one source alone; import them one by one',
    );
  for (const path of skipped)
    system.stderr.write(`${printable(`skipped ${path}: neither its name nor its place says what it is`)}\n`);
  const done: Pushed[] = [];
  await interruptible('run the same command again to go on where it stopped', (signal) => {
    const api = broker(system, options, signal);
    return pushing(system, api, { signal, quiet: options.json === true }, async (by) => {
      // wrong paths, a wrong address or token show before gigabytes are moved
      for (const { from } of sources) if ('path' in from) await (await openSource(from.path)).close();
      accepted(await api.get('assets', { limit: '1' }));
      for (const source of sources) {
        const pushed = await importOne(source, options, by);
        done.push(pushed);
        by.bar.end();
        if (!options.json) system.stdout.write(sentence(pushed));
      }
    });
  });
  if (options.json) system.stdout.write(jsonLine({ items: done, skipped }));
}

async function importOne(source: Source, { sha256, verify }: Options, by: Pushing): Promise<Pushed> {
  const { from, name } = source;
  const wanted = { name, sha256, verify, type: undefined };
  if ('path' in from) return pushFile({ ...wanted, path: from.path }, by);
  const label = `fetching ${shown(source).split('/').at(-1)}`;
  const fetched = await fetchFile({
    url: from.url,
    kind: name.kind,
    folder: join(by.system.stateDir, 'imports'),
    dispatcher: by.dispatcher,
    waiting: by.waiting,
    stallMs,
    now: by.system.clock(),
    onBytes: (bytes, total) => by.bar.at(label, bytes, total ?? bytes),
  });
  try {
    const pushed = await pushFile({ ...wanted, path: fetched.path }, by);
    await fetched.forget();
    return pushed;
  } catch (error) {
    // What is not what it should be is not kept for the next call; what was interrupted is.
    if (error instanceof Failure && error.kind === 'refused') await fetched.forget();
    throw error;
  }
}
