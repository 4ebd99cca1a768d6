import type { Service } from './services.ts';
import { fill, when } from './template.ts';

/** A program's systemd unit, under which it can do what it needs and nothing else; its path and its text. */
export function unit(service: Service): readonly [path: string, text: string] {
  const { name, about, command, reload, user, group, capabilities, writes, families, tunables } = service;
  const capability = capabilities.map((each) => `CAP_${each}`).join(' ');
  return [
    unitPath(name),
    fill('service', {
      ...{ about, command, user, group },
      reloading: when(reload !== undefined && { reload }),
      capabilities: capability,
      // Root has what its bounding set has.
      ambient: user === 'root' ? '' : capability,
      writes: writes.join(' '),
      families: families.join(' '),
      no_tunables: tunables ? 'no' : 'yes',
    }),
  ];
}

export function unitPath(name: string): string {
  return `/etc/systemd/system/bootbroker-${name}.service`;
}
