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

/** Without a name, all parts are wanted. */
export function argumentsOf(words: readonly string[], parts: readonly string[]): Said {
  const flags = words.filter((word) => word.startsWith('-'));
  const names = words.filter((word) => !word.startsWith('-'));
  if (flags.includes('--help') || flags.includes('-h')) return { kind: 'help' };
  const unknownFlag = flags.find((flag) => !['--all', '--record', '--against'].includes(flag));
  if (unknownFlag) return { kind: 'mistake', message: `There is no ${unknownFlag}. Ask for --help.` };
  const unknown = names.find((name) => !parts.includes(name));
  if (unknown)
    return { kind: 'mistake', message: `There is no part ${unknown}. There are: ${parts.join(', ')}.` };
  return {
    kind: 'wanted',
    parts: names.length > 0 ? parts.filter((part) => names.includes(part)) : parts,
    all: flags.includes('--all'),
    record: flags.includes('--record'),
    against: flags.includes('--against'),
  };
}
