import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { canonicalAddress } from '../../boot/network.ts';

/** However many ask, the kernel is asked once in so long: its answer grows with all sockets of the host. */
export const usualKeptMs = 1_000;

type Family = 'tcp' | 'tcp6';
/** Bytes by connection; those without any are left out. */
type Queues = ReadonlyMap<string, number>;

/** What the kernel has sent and peers have not acknowledged: tx_queue of Linux's /proc/net/tcp (proc_net_tcp). */
export class SendQueues {
  readonly #keptMs: number;
  readonly #tables = new Map<Family, { readonly at: number; readonly read: Promise<Queues> }>();

  constructor(keptMs = usualKeptMs) {
    this.#keptMs = keptMs;
  }

  /** Bytes; 0 where the system does not say. */
  async unacknowledged({ localPort, remotePort, remoteAddress, remoteFamily }: Socket): Promise<number> {
    const peer = canonicalAddress(remoteAddress ?? '');
    if (!localPort || !remotePort || !peer) return 0;
    const queues = await this.#table(remoteFamily === 'IPv6' ? 'tcp6' : 'tcp');
    return queues.get(keyOf(localPort, peer, remotePort)) ?? 0;
  }

  #table(family: Family): Promise<Queues> {
    const now = performance.now();
    const kept = this.#tables.get(family);
    if (kept && now - kept.at < this.#keptMs) return kept.read;
    const read = readFile(`/proc/self/net/${family}`, 'latin1').then(queuesOf, () => new Map());
    this.#tables.set(family, { at: now, read });
    return read;
  }
}

/** Local port, peer, its port, bytes to send, each in hexadecimal; the state between. */
const row = /:([0-9A-F]{4}) ([0-9A-F]+):([0-9A-F]{4}) [0-9A-F]{2} (?!0{8})([0-9A-F]{8}):/g;

function queuesOf(table: string): Queues {
  const queues = new Map<string, number>();
  for (const [, local = '', address = '', remote = '', bytes = ''] of table.matchAll(row)) {
    const peer = kernelAddress(address);
    if (peer) queues.set(keyOf(hex(local), peer, hex(remote)), hex(bytes));
  }
  return queues;
}

const keyOf = (local: number, peer: string, remote: number) => `${local} ${peer} ${remote}`;
const hex = (text: string) => Number.parseInt(text, 16);

/** An address as the kernel prints it, word by word, on the little-endian machines that this runs on. */
function kernelAddress(text: string): string | undefined {
  const octets = (text.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).reverse());
  const address =
    octets.length === 4 ? octets.map(hex).join('.') : (octets.join('').match(/.{4}/g) ?? []).join(':');
  return canonicalAddress(address);
}
