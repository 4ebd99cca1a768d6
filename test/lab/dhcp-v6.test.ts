import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cable, ip } from '../gateway/cable.ts';
import { command, needing, root } from '../support/needs.ts';
import { within } from '../support/patience.ts';
import { openRoom, type Room } from './room.ts';
import { snippet } from './snippets.ts';

const broker = 'http://[fd00:77::10]:8080';
const range = ['fd00:77::100', 'fd00:77::1ff'] as const;

/** Starts each server with what the page says, and with what it says a reader's has already: addresses. */
const servers = {
  dnsmasq(room: Room) {
    const own = `port=0\nuser=root\ngroup=root\npid-file\nleasefile-ro\ninterface=cable\nbind-interfaces\ndhcp-range=${range},64,1h\n`;
    const config = written(room, own + snippet('dnsmasq-v6'));
    return room.start('dnsmasq', ['--keep-in-foreground', `--conf-file=${config}`]);
  },
  'kea-dhcp6'(room: Room) {
    const page = JSON.parse(snippet('kea-v6'));
    const config = {
      ...page.Dhcp6,
      'interfaces-config': { interfaces: ['cable'] },
      'server-id': { type: 'LL', htype: 1, identifier: '525400aabb02', persist: false },
      'lease-database': { type: 'memfile', persist: false },
      subnet6: [{ subnet: 'fd00:77::/64', interface: 'cable', pools: [{ pool: range.join(' - ') }] }],
    };
    const env = { ...process.env, KEA_PIDFILE_DIR: room.folder, KEA_LOCKFILE_DIR: room.folder };
    return room.start('kea-dhcp6', ['-c', written(room, JSON.stringify({ Dhcp6: config }))], { env });
  },
  dhcpd(room: Room) {
    const own = `subnet6 fd00:77::/64 { range6 ${range.join(' ')}; }\n`;
    const config = written(room, own + snippet('dhcpd-v6'));
    const leases = join(room.folder, 'leases');
    writeFileSync(leases, '');
    return room.start('dhcpd', [
      '-6',
      '-f',
      '-cf',
      config,
      '-lf',
      leases,
      '-pf',
      join(room.folder, 'pid'),
      'cable',
    ]);
  },
};

function written(room: Room, text: string): string {
  const path = join(room.folder, 'config');
  writeFileSync(path, text);
  return path;
}

for (const [program, start] of Object.entries(servers))
  needing(root, ...[program, 'unshare', 'nsenter', 'setpriv', 'ip', 'sysctl'].map(command))(
    `${program} tells firmware and iPXE by DHCPv6 what docs/network/dhcp.md says`,
    async (t) => {
      const rooms = await Promise.all([openRoom(), openRoom()]);
      t.teardown(async () => void (await Promise.all(rooms.map((room) => room.close()))));
      const [site, machine] = rooms;
      // Link-local addresses are there at once: nobody else could have them.
      for (const room of rooms) await room.run('sysctl', ['-q', '-w', 'net.ipv6.conf.default.accept_dad=0']);
      await cable(site, 'fd00:77::1/64', machine, 'fd00:77::2/64', 'cable');
      const [, through = ''] = /^\d+: (c\d+)@/m.exec(await ip(machine, 'link')) ?? [];
      start(site).stderr.resume();
      const asked = async (as: string) => {
        const run = machine.run(process.execPath, [join(import.meta.dirname, 'solicit.ts'), through, as]);
        return JSON.parse(await within(`an answer of ${program}`, run));
      };
      // One after the other: clients have one port.
      const [x86, arm, ipxe] = [await asked('0010'), await asked('0013'), await asked('ipxe')];
      t.is(x86.url, `${broker}/boot/x86_64/boot.efi`);
      t.is(arm.url, `${broker}/boot/arm64/boot.efi`);
      t.is(ipxe.url, `${broker}/boot.ipxe`);
      // EDK2 (HttpBootDhcp6.c) looks for the text after an enterprise's number and the text's length.
      for (const { vendorClass } of [x86, arm])
        t.is(Buffer.from(vendorClass, 'hex').subarray(6).toString(), 'HTTPClient');
    },
  );
