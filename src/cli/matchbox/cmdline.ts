/** A kernel argument of Matchbox here; `left` says why it, or a part of it, has no equivalent. */
export interface Translated {
  readonly text: string | undefined;
  readonly note?: string;
  readonly left?: string;
}

/** iPXE's settings that Matchbox's arguments use, as our templates have them. What a machine has not is empty there, too. */
const settings: Readonly<Record<string, string>> = {
  uuid: '{{ machine.uuid | default: "" }}',
  serial: '{{ machine.serial | default: "" }}',
  hostname: '{{ machine.name | default: "" }}',
  mac: '{{ machine.mac | default: "" }}',
  'mac:hexhyp': '{{ machine.mac | default: "" | replace: ":", "-" }}',
};

/**
 * Matchbox passes arguments to iPXE as they are, and iPXE expands `${...}` (https://ipxe.org/scripting). Here the command line is
 * rendered by the broker, which knows the machine and not its interfaces.
 */
export function translated(argument: string): Translated {
  if (/\{\{|\{%/.test(argument)) return { text: undefined, left: `${argument} would be a template here` };
  if (/^initrd=/.test(argument))
    return { text: undefined, note: `${argument} is left out: the broker names initrds itself` };
  const unknown: string[] = [];
  const text = argument.replace(/\$\{([^}]*)\}/g, (all, name: string) => {
    const plain = name.replace(/^net(\d+|X)\//, '').replace(/:(uristring|string|hexraw)$/, '');
    const known = settings[plain];
    if (!known) unknown.push(all);
    return known ?? '';
  });
  if (unknown.length > 0)
    return { text: undefined, left: `${argument} uses ${unknown.join(', ')}, which only iPXE knows` };
  return { text };
}
