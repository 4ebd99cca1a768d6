/** What `npm run bench --` was asked for. */
export interface Wanted {
  readonly kind: 'wanted';
  readonly parts: readonly string[];
  /** What takes long, too. */
  readonly all: boolean;
  /** The figures go into the history. */
  readonly record: boolean;
  /** They are compared with the last ones there. */
  readonly against: boolean;
}

export type Said =
  | Wanted
  | { readonly kind: 'help' }
  | { readonly kind: 'mistake'; readonly message: string };

export interface PartNames {
  /** Measured where nobody says what. */
  readonly usual: readonly string[];
  readonly all: readonly string[];
}

/** Without a name, the usual parts are wanted; with --all, all of them. */
export function argumentsOf(words: readonly string[], { usual, all }: PartNames): Said {
  const flags = words.filter((word) => word.startsWith('-'));
  const names = words.filter((word) => !word.startsWith('-'));
  if (flags.includes('--help') || flags.includes('-h')) return { kind: 'help' };
  const unknownFlag = flags.find((flag) => !['--all', '--record', '--against'].includes(flag));
  if (unknownFlag) return { kind: 'mistake', message: `There is no ${unknownFlag}. Ask for --help.` };
  const unknown = names.find((name) => !all.includes(name));
  if (unknown)
    return { kind: 'mistake', message: `There is no part ${unknown}. There are: ${all.join(', ')}.` };
  return {
    kind: 'wanted',
    parts:
      names.length > 0 ? all.filter((part) => names.includes(part)) : flags.includes('--all') ? all : usual,
    all: flags.includes('--all'),
    record: flags.includes('--record'),
    against: flags.includes('--against'),
  };
}
