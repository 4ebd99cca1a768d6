import type { Command } from 'commander';
import type { Desired } from '../../boot/apply/desired.ts';
import { isName } from '../../boot/asset/asset-name.ts';
import { type ApplyOptions, applyState } from '../apply/apply-state.ts';
import { type BrokerOptions, broker, brokerOptions } from '../broker/broker.ts';
import type { Manifest } from '../manifest/gather.ts';
import { type Mistake, mistaken, placed } from '../manifest/problem.ts';
import { type Section, sections } from '../manifest/sections.ts';
import { manifestText, writeWhole } from '../manifest/write.ts';
import { convertMatchbox } from '../matchbox/convert.ts';
import { readMatchbox } from '../matchbox/read.ts';
import { pushing } from '../push/push-file.ts';
import { Failure } from '../verb/failure.ts';
import { interruptible } from '../verb/interrupt.ts';
import { printable } from '../verb/printable.ts';
import type { System } from '../verb/system.ts';
import { example } from '../verb/verb.ts';
import { applyExitCodes, applyFlags } from './apply.ts';

interface Options extends BrokerOptions, ApplyOptions {
  readonly assets?: true;
  readonly assetVersion: string;
  readonly output?: string;
  readonly partial?: true;
}

export function importMatchbox(command: Command, system: System, exit: (code: number) => void): void {
  brokerOptions(
    applyFlags(
      example(
        command,
        [
          'bootbroker import matchbox /var/lib/matchbox --assets --dry-run',
          '',
          'What has no equivalent here is said, by file and line. What cannot be had ends',
          'the import before anything is written, unless --partial leaves it out.',
        ],
        applyExitCodes,
      ),
    )
      .option('--assets', 'push the files under assets/ that profiles boot')
      .option('--asset-version <version>', 'version of those whose path tells none', '1')
      .option('-o, --output <file>', 'write a file for apply instead of applying it')
      .option('--partial', 'leave out what cannot be had here'),
  ).action((folder: string, options: Options) => run(folder, options, system, exit));
}

async function run(
  folder: string,
  options: Options,
  system: System,
  exit: (code: number) => void,
): Promise<void> {
  const { assets, assetVersion, output, partial } = options;
  if (!isName(assetVersion))
    throw new Failure(
      'usage',
      `--asset-version ${assetVersion} is no name; use letters, digits, dots, dashes and underscores`,
    );
  const { manifest, notes, faults } = convertMatchbox(readMatchbox(folder), folder, assetVersion);
  if (faults.length > 0 && !partial) throw mistaken(faults);
  const told = [...notes.map(line('note')), ...faults.map(line('left out'))];
  if (!options.json) for (const one of told) system.stderr.write(`${printable(one)}\n`);
  if (output !== undefined) return write(output, manifest, system);
  const wanted: Manifest = { ...manifest, assets: assets ? manifest.assets : [] };
  await interruptible('run the same command again; nothing was written by half', async (signal) => {
    const api = broker(system, options, signal);
    await pushing(system, api, { signal, quiet: options.json === true }, (by) =>
      applyState(wanted, options, { by, system, exit, also: { notes: told } }),
    );
  });
}

function line(kind: string): (mistake: Mistake) => string {
  return (mistake) => `${kind}: ${placed(mistake)}`;
}

/** Without assets: their files lie elsewhere than the one that is written. */
function write(output: string, manifest: Manifest, { stdout, stderr }: System): void {
  const values = (section: Section) =>
    section === 'assets' ? [] : manifest[section].map(({ value }) => value);
  const state = Object.fromEntries(
    sections.map((section) => [section, values(section)]),
  ) as unknown as Desired;
  const text = manifestText(state);
  if (output === '-') stdout.write(text);
  else {
    writeWhole(output, text);
    stderr.write(
      `${printable(`${output}: ${state.machines.length} machines, ${state.profiles.length} profiles, ${state.rules.length} rules`)}\n`,
    );
  }
}
