import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brokerAddress, type Room } from './room.ts';
import { snippet } from './snippets.ts';

/** Serves DHCP in the room, with what docs/network/dhcp.md tells an administrator to put into dnsmasq. */
export function serveDhcp(room: Room, text = `${snippet('dnsmasq', brokerAddress)}\nport=0\n`): ChildProcess {
  const config = join(room.folder, 'dnsmasq.conf');
  writeFileSync(config, text);
  const dnsmasq = room.start('dnsmasq', [
    ...[
      '--keep-in-foreground',
      `--conf-file=${config}`,
      // One that became another user or group would outlive the room's owner: see setpriv there, and prctl(2).
      '--user=root',
      '--group=root',
      '--pid-file',
      '--log-facility=/dev/null',
    ],
    ...['--interface=br0', '--bind-interfaces', '--dhcp-range=10.77.0.50,10.77.0.99,1h'],
    `--dhcp-leasefile=${join(room.folder, 'leases')}`,
  ]);
  // Says something only when it cannot start.
  dnsmasq.stderr.pipe(process.stderr);
  return dnsmasq;
}
