/** A word as Linux reads it (lib/cmdline.c, next_arg), with the spaces after it: no space within double quotes ends it. */
const wordAndSpace = /(?:[^ "]|"[^"]*"|")+ */g;
const asksForInitrd = /^["']*initrd=[/\\]*/;

interface Cleared {
  readonly cmdline: string;
  /** The words that are gone, as they stood there. */
  readonly leftOut: readonly string[];
}

/**
 * Without the words `initrd=` but those of a file that is loaded under that name: Linux's EFI stub opens each of them, and where
 * there is no such file it does not boot (drivers/firmware/efi/libstub/file.c, handle_cmdline_files).
 */
export function withoutInitrdWords(cmdline: string, loaded: readonly string[]): Cleared {
  const leftOut: string[] = [];
  const rest = cmdline.replace(wordAndSpace, (all) => {
    const word = all.trimEnd();
    if (!asksForInitrd.test(word) || loaded.includes(fileOf(word))) return all;
    leftOut.push(word);
    return '';
  });
  return leftOut.length > 0 ? { cmdline: rest.trimEnd(), leftOut } : { cmdline, leftOut };
}

/** Words that say `initrd=` elsewhere than at their beginning: the EFI stub finds it anywhere, and takes what follows for a file. */
export function hiddenInitrdWords(cmdline: string): readonly string[] {
  const words = (cmdline.match(wordAndSpace) ?? []).map((all) => all.trimEnd());
  return words.filter((word) => word.includes('initrd=') && !asksForInitrd.test(word));
}

function fileOf(word: string): string {
  return word.replace(asksForInitrd, '').replace(/["']+$/, '');
}

/** What a template says itself of initrds that are not loaded, whatever it becomes. */
export function initrdWordsIn(template: string, loaded: readonly string[]): readonly string[] {
  const found = template.matchAll(/(?<=^|[\s"'}])initrd=[/\\]*([^\s"'{%]*)/g);
  return [...found].flatMap(([word, file = '']) => (loaded.includes(file) ? [] : word));
}
