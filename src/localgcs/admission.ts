import type { Server, Socket } from 'node:net';
import { anyContains, type Network, parseNetwork } from '../boot/network.ts';
import { onlyAdmitted } from '../bounds/only-admitted.ts';
import { isLoopback } from './loopback.ts';
import type { Limits } from './options.ts';

/** Who may connect, by the address alone: nothing is read of anybody else. */
export interface Admission {
  /** Whether the peer speaks for many: a proxy, an edge, or the broker itself, which fetches for whoever it streams to. */
  readonly isFront: (socket: Socket) => boolean;
  /** From now on the server answers nobody else. */
  readonly guard: (server: Server, onRefused: () => void) => void;
}

export function admission({ allowed, fronts = [] }: Pick<Limits, 'allowed' | 'fronts'>): Admission {
  const allowedNetworks = allowed && networks(allowed);
  const frontNetworks = networks(fronts);
  const isAdmitted = (socket: Socket) =>
    !allowedNetworks ||
    callsItself(socket) ||
    isLoopback((socket.remoteAddress ?? '').replace(/^::ffff:/, '')) ||
    anyContains(allowedNetworks, socket.remoteAddress ?? '');
  return {
    isFront: (socket) => callsItself(socket) || anyContains(frontNetworks, socket.remoteAddress ?? ''),
    guard(server, onRefused) {
      onlyAdmitted(server, (socket) => {
        if (isAdmitted(socket)) return true;
        onRefused();
        refuse(socket);
        return false;
      });
    },
  };
}

/** The broker does: it calls the address at which its storage listens, and so from that address. */
function callsItself({ remoteAddress, localAddress }: Socket): boolean {
  return remoteAddress === localAddress;
}

function networks(cidrs: readonly string[]): readonly Network[] {
  return cidrs.flatMap((cidr) => parseNetwork(cidr) ?? []);
}

const body =
  "<?xml version='1.0' encoding='UTF-8'?><Error><Code>AccessDenied</Code><Message>Access denied.</Message>" +
  '<Details>This address is in none of the networks of BROKER_ALLOWED_NETWORKS. Add its network there.</Details></Error>';
const head = [
  'HTTP/1.1 403 Forbidden',
  'Content-Type: application/xml; charset=UTF-8',
  `Content-Length: ${body.length}`,
  'Connection: close',
];

/** Says why, whatever was asked. */
function refuse(socket: Socket): void {
  socket.on('error', () => {});
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
