import { type Command, Option } from 'commander';
import { Agent } from 'undici';
import { type Arch, type AssetKind, archs, assetKinds, isName } from '../boot/asset.ts';
import { accepted } from './api.ts';
import { type BrokerOptions, broker, brokerOptions } from './broker.ts';
import { digest } from './digest.ts';
import { Failure } from './failure.ts';
import { interruptible } from './interrupt.ts';
import type { Outside } from './outside.ts';
import { printable } from './printable.ts';
import { progress } from './progress.ts';
import { type Pushed, push } from './push.ts';
import { openSource } from './source-file.ts';
import { unfinishedUploads } from './unfinished.ts';
import { bytes } from './units.ts';
import { verb } from './verb.ts';

interface Options extends BrokerOptions {
  readonly kind: AssetKind;
  readonly name: string;
  readonly version: string;
  readonly arch: Arch;
  readonly type?: string;
  readonly json?: true;
}

export function assetPush(parent: Command, outside: Outside): void {
  brokerOptions(
    verb(parent, 'push <file>', 'Upload a file as an asset that profiles can name.', [
      'bootbroker asset push vmlinuz --kind kernel --name debian-12 --version 6.1',
      '',
      'An upload that was interrupted goes on where it stopped when the same command',
      'is run again.',
    ])
      .addOption(kindOption().makeOptionMandatory())
      .requiredOption('--name <name>', 'name of the asset')
      .requiredOption('--version <version>', 'its version; an asset that is ready never changes')
      .addOption(new Option('--arch <arch>', 'architecture that it is for').choices(archs).default('x86_64'))
      .option('--type <type>', 'content type under which it is served (default: that of its kind)'),
  ).action((path: string, options: Options) => run(path, options, outside));
}

export function kindOption(): Option {
  return new Option('--kind <kind>', 'what it is').choices(assetKinds);
}

async function run(path: string, options: Options, outside: Outside): Promise<void> {
  const { kind, name, version, arch, type } = options;
  for (const [flag, value] of Object.entries({ name, version }))
    if (!isName(value))
      throw new Failure(
        'usage',
        `--${flag} ${value} is no name; use up to 128 letters, digits, dots, dashes and underscores`,
      );
  const bar = progress(outside.stderr, outside.clock, options.json === true);
  const pushed = await interruptible(
    'run the same command again to go on where it stopped',
    async (signal) => {
      const api = broker(outside, options, signal);
      const file = await openSource(path);
      const dispatcher = new Agent();
      try {
        // a wrong address or token shows before gigabytes are hashed
        accepted(await api.get('assets', { kind, name, version }));
        const hashes = await digest(file.handle, signal, (done) => bar.at('hashing', done, file.size));
        await file.assertUnchanged();
        return await push({
          api,
          file,
          digest: hashes,
          name: { kind, name, version, arch },
          type,
          line: { dispatcher, signal, stallMs: 60_000 },
          waiting: {
            sleep: outside.sleep,
            signal,
            onWait: (why, seconds) => bar.note(`${why}; trying again in ${Math.ceil(seconds)} s`),
          },
          unfinished: unfinishedUploads(outside.stateDir),
          progress: bar,
          clock: outside.clock,
        });
      } finally {
        bar.end();
        await file.close();
        await dispatcher.destroy();
      }
    },
  );
  outside.stdout.write(options.json ? `${JSON.stringify(pushed)}\n` : `${printable(sentence(pushed))}\n`);
}

function sentence({ outcome, resumed_at, asset }: Pushed): string {
  const what = `${asset.kind} ${asset.name}@${asset.version} for ${asset.arch}`;
  const how = `${bytes(asset.size)}, sha256 ${asset.sha256}`;
  if (outcome === 'there') return `${what} is there already: ${how}`;
  const resumed = resumed_at > 0 ? `, resumed at ${bytes(resumed_at)}` : '';
  return `${what} is ready: ${how}${resumed}`;
}
