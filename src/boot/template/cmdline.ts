/** A command line that is the same for every machine needs no engine. */
export function isTemplate(source: string): boolean {
  return source.includes('{{') || source.includes('{%');
}

/** Why iPXE or Linux would not read this command line as it is written; undefined when they would. */
export function cmdlineFault(cmdline: string): string | undefined {
  // Linux on x86: COMMAND_LINE_SIZE is 2048 with its final NUL, and the initrd names need room.
  return cmdline.length > 1900
    ? 'is longer than 1900 characters'
    : (characterFault(cmdline) ?? wordFault(cmdline));
}

/** The same for what is to become a part of a command line. */
export function characterFault(text: string): string | undefined {
  if (!/^[\x20-\x7e]*$/.test(text)) return 'has characters other than printable ASCII';
  return text.includes('${') ? 'contains ${, which iPXE would expand' : undefined;
}

/** iPXE core/exec.c, command_terminator(): a word of these, or whatever begins with #, ends a command. */
function wordFault(cmdline: string): string | undefined {
  const end = cmdline.split(/ +/).find((word) => ['||', '&&', ';'].includes(word) || word.startsWith('#'));
  return end && `contains the word ${end}, at which iPXE would end the command`;
}

/** The same for a template of a command line, which may be longer than what it becomes. */
export function cmdlineSourceFault(source: string): string | undefined {
  if (!isTemplate(source)) return cmdlineFault(source);
  if (source.length > 4096) return 'is longer than 4096 characters';
  return characterFault(source) ?? wordFault(source);
}
