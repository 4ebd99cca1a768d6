import { type Command, Option } from 'commander';
import { jsonLine } from '../verb/printable.ts';
import type { System } from '../verb/system.ts';
import { example } from '../verb/verb.ts';

const shells = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof shells)[number];

export function completion(command: Command, system: System): void {
  example(command, [
    'bootbroker completion bash > /etc/bash_completion.d/bootbroker',
    'bootbroker completion zsh > "${fpath[1]}/_bootbroker"',
    'bootbroker completion fish > ~/.config/fish/completions/bootbroker.fish',
  ]).action((shell: string, { json }: { readonly json?: true }) => {
    const known = shells.find((one) => one === shell);
    if (!known) command.error(`${shell} is none of ${shells.join(', ')}`);
    const text = script(known, candidates(command.parent ?? command));
    system.stdout.write(json ? jsonLine({ script: text }) : text);
  });
}

/** After which words what may follow, and what it is about. */
interface Candidates {
  /** Such as `asset push`; empty for the command itself. */
  readonly words: string;
  readonly next: readonly { readonly text: string; readonly about: string }[];
  /** Flags that take a value out of a few. */
  readonly values: readonly { readonly flag: string; readonly choices: readonly string[] }[];
}

/** Every command's own answer to what may follow it. */
function candidates(command: Command, words: readonly string[] = []): readonly Candidates[] {
  const options = [...command.options, new Option('-h, --help', 'display help for command')];
  const own: Candidates = {
    words: words.join(' '),
    next: [
      ...command.commands.map((one) => ({ text: one.name(), about: one.description() })),
      ...options.flatMap(({ long, description }) => (long ? [{ text: long, about: description }] : [])),
    ],
    values: options.flatMap(({ long, argChoices }) =>
      long && argChoices ? [{ flag: long, choices: argChoices }] : [],
    ),
  };
  return [own, ...command.commands.flatMap((one) => candidates(one, [...words, one.name()]))];
}

function script(shell: Shell, all: readonly Candidates[]): string {
  if (shell === 'fish') return fish(all);
  return shell === 'bash' ? bash(all) : zsh(all);
}

/** Finds the command by the words before the cursor that are no flags; a file where nothing else fits. */
function bash(all: readonly Candidates[]): string {
  return `# completion of bootbroker for bash
_bootbroker() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} words= word next=
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$words $word" in
${all
  .filter(({ words }) => words !== '')
  .map(({ words }) => `      ' ${words}') words=" ${words}" ;;`)
  .join('\n')}
    esac
  done
  case "$words $prev" in
${all.flatMap(({ words, values }) => values.map(({ flag, choices }) => `    '${before(words)} ${flag}') next='${choices.join(' ')}' ;;`)).join('\n')}
    *) case "$words" in
${all.map(({ words, next }) => `      '${before(words)}') next='${next.map(({ text }) => text).join(' ')}' ;;`).join('\n')}
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$next" -- "$cur"))
}
complete -o default -F _bootbroker bootbroker
`;
}

/** The same function; zsh reads bash's completions. */
function zsh(all: readonly Candidates[]): string {
  return `#compdef bootbroker
autoload -U +X bashcompinit && bashcompinit
${bash(all).replace(/^.*\n/, '')}`;
}

function before(words: string): string {
  return words === '' ? '' : ` ${words}`;
}

function fish(all: readonly Candidates[]): string {
  const lines = all.flatMap(({ words, next, values }) => {
    const steps = words === '' ? [] : words.split(' ');
    const seen = steps.map((word) => `__fish_seen_subcommand_from ${word}`);
    const deeper = next.flatMap(({ text }) => (text.startsWith('--') ? [] : [text]));
    const until = deeper.length > 0 ? [`not __fish_seen_subcommand_from ${deeper.join(' ')}`] : [];
    const when = [...seen, ...until].join('; and ') || 'true';
    return next.map(({ text, about }) => {
      const choices = values.find(({ flag }) => flag === text)?.choices;
      const what = text.startsWith('--')
        ? `-l ${text.slice(2)}${choices ? ` -x -a '${choices.join(' ')}'` : ''}`
        : `-f -a ${text}`;
      return `complete -c bootbroker -n '${when}' ${what} -d '${about.replace(/[^A-Za-z0-9 .,:;()=/_-]/g, '')}'`;
    });
  });
  return `# completion of bootbroker for fish\n${lines.join('\n')}\n`;
}
