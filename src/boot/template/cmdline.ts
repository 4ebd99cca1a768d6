/** A command line that is the same for every machine needs no engine. */
export function isTemplate(source: string): boolean {
  return source.includes('{{') || source.includes('{%');
}

/** In characters, which are bytes: what is for Linux has to be shorter, as the kernel itself says. */
export const longestCmdline = 8191;

/** Why iPXE or Linux would not read this command line as it is written; undefined when they would. */
export function cmdlineFault(cmdline: string): string | undefined {
  return cmdline.length > longestCmdline
    ? `is longer than ${longestCmdline} characters`
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

/** The same for what is written down, which may be a template. */
export function cmdlineSourceFault(source: string): string | undefined {
  if (!isTemplate(source)) return cmdlineFault(source);
  if (source.length > longestCmdline) return `is longer than ${longestCmdline} characters`;
  return characterFault(source) ?? wordFault(source);
}
