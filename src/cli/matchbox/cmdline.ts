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
  mac: '{{ boot.mac | default: "" }}',
  'mac:hexhyp': '{{ boot.mac | default: "" | replace: ":", "-" }}',
  'mac:hexraw': '{{ boot.mac | default: "" | remove: ":" }}',
};

/**
 * Matchbox passes arguments to iPXE as they are, and iPXE expands `${...}` (https://ipxe.org/scripting). Here the command line is
 * rendered by the broker, which knows the machine, and of its interfaces the one that boots.
 */
export function translated(argument: string): Translated {
  if (/\{\{|\{%/.test(argument)) return { text: undefined, left: `${argument} would be a template here` };
  if (/^initrd=/.test(argument))
    return { text: undefined, note: `${argument} is left out: the broker names initrds itself` };
  const unknown: string[] = [];
  const text = argument.replace(/\$\{([^}]*)\}/g, (all, name: string) => {
    // The broker knows one interface: the one that boots, which iPXE has as net0 mostly.
    const plain = name.replace(/^net[0X]\//, '').replace(/:(uristring|string|hex)$/, '');
    const known = Object.hasOwn(settings, plain) ? settings[plain] : undefined;
    if (!known) unknown.push(all);
    return known ?? '';
  });
  if (unknown.length > 0)
    return { text: undefined, left: `${argument} uses ${unknown.join(', ')}, which only iPXE knows` };
  return { text };
}
