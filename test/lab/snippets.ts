import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const page = join(import.meta.dirname, '../../docs/network/dhcp.md');

type Server = 'dnsmasq' | 'kea' | 'dhcpd';

/** The configuration that docs/network/dhcp.md gives for this DHCP server, with the broker where the reader's is. */
export function snippet(server: Server | `${Server}-v6` | 'unifi', broker?: string): string {
  const block = new RegExp(`^\`\`\`${server}\n(.*?)^\`\`\`$`, 'ms').exec(readFileSync(page, 'utf8'))?.[1];
  if (!block) throw new Error(`${page} has no block for ${server}`);
  return broker === undefined ? block : block.replaceAll('192.168.1.10', broker);
}
