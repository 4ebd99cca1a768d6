import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, needing } from '../support/needs.ts';
import { snippet } from './snippets.ts';

const sbin = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
const checks = [
  { server: 'dnsmasq', program: 'dnsmasq', flags: (path: string) => ['--test', '-C', path] },
  { server: 'unifi', program: 'dnsmasq', flags: (path: string) => ['--test', '-C', path] },
  { server: 'kea', program: 'kea-dhcp4', flags: (path: string) => ['-t', path] },
  { server: 'dhcpd', program: 'dhcpd', flags: (path: string) => ['-t', '-cf', path] },
  { server: 'dnsmasq-v6', program: 'dnsmasq', flags: (path: string) => ['--test', '-C', path] },
  { server: 'kea-v6', program: 'kea-dhcp6', flags: (path: string) => ['-t', path] },
  { server: 'dhcpd-v6', program: 'dhcpd', flags: (path: string) => ['-6', '-t', '-cf', path] },
] as const;

for (const { server, program, flags } of checks) {
  const check = (config: string) => {
    const folder = mkdtempSync(join(tmpdir(), 'bootbroker-dhcp-'));
    try {
      const path = join(folder, 'config');
      writeFileSync(path, config);
      execFileSync(program, flags(path), { stdio: 'pipe', env: sbin });
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
  needing(command(program))(`${program} takes what docs/network/dhcp.md says for ${server}`, (t) => {
    t.notThrows(() => check(snippet(server)));
    t.throws(() => check(`${snippet(server)}\nno such line\n`));
  });
}
