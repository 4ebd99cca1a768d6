import { Command } from 'commander';
import { report } from './report.ts';
import type { System } from './verb/system.ts';
import { exitCodesHelp, type Verb } from './verb/verb.ts';
import { nouns, verbs } from './verbs.ts';

/** Verbs that are loaded, by their key in the table of verbs. */
type Loaded = Readonly<Record<string, Verb>>;

/** The `bootbroker` command with all its verbs. Only those that are loaded have their options and do something. */
export function program(
  system: System,
  loaded: Loaded = {},
  exit: (code: number) => void = () => {},
): Command {
  const root = new Command('bootbroker')
    .description('Boots bare-metal machines from Cloud Storage without the images passing through it.')
    .version(system.version)
    // --version after a verb is the version of an asset
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => system.stdout.write(text),
      writeErr: (text) => system.stderr.write(text),
      // run() reports errors, in one way for all
      outputError: () => {},
    })
    .addHelpText('after', `\n${exitCodesHelp}`);
  for (const [usage, { about }] of Object.entries(verbs)) {
    const [, noun, nameAndArguments = usage] = /^([a-z]+) ([a-z].*)$/.exec(usage) ?? [];
    const command = (noun ? nounOf(root, noun) : root)
      .command(nameAndArguments)
      .description(about)
      .option('--json', 'print JSON, and errors as JSON on stderr');
    loaded[usage]?.(command, system, exit);
  }
  return root;
}

function nounOf(root: Command, name: string): Command {
  return (
    root.commands.find((one) => one.name() === name) ?? root.command(name).description(nouns[name] ?? '')
  );
}

/** Runs one command line (without `node` and the script's name); resolves with its exit code. */
export async function run(args: readonly string[], system: System): Promise<number> {
  let exitCode = 0;
  try {
    await program(system, await load(args), (code) => {
      exitCode = code;
    }).parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    const { exitCode: code, text } = report(error, args.includes('--json'));
    system.stderr.write(text);
    return code;
  }
}

/** Loads the verb that is called, or whose help is asked for; for `completion`, which tells of all, every one. */
async function load(args: readonly string[]): Promise<Loaded> {
  // no word before a verb's name is the value of an option
  const words = args.filter((word) => !word.startsWith('-') && word !== 'help').join(' ');
  const wanted = Object.entries(verbs).filter(([usage]) => {
    const name = usage.replace(/ <.*/, '');
    return words.startsWith('completion ') || `${words} `.startsWith(`${name} `);
  });
  return Object.fromEntries(
    await Promise.all(wanted.map(async ([usage, verb]) => [usage, await verb.load()] as const)),
  );
}
