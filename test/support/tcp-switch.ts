import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { ExecutionContext } from 'ava';

/** A way to a server on loopback that can be cut. */
export interface TcpSwitch {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** While it is off, every connection ends at once. */
  turn(to: 'on' | 'off'): void;
  /** From now on what is open stays open and says nothing more, in either direction; what is opened later works. */
  swallow(): void;
  /** Leads elsewhere from now on. */
  aim(port: number): void;
  /** Bytes that have come from clients so far. */
  passed(): number;
}

/** On, until it is told; gone when the test is over. */
export async function tcpSwitch(t: ExecutionContext, port: number): Promise<TcpSwitch> {
  const sockets = new Set<Socket>();
  const ways = new Set<() => void>();
  let on = true;
  let target = port;
  let passed = 0;
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    if (!on) return client.destroy();
    const upstream = connect(target, '127.0.0.1');
    client.on('data', (chunk) => {
      passed += chunk.length;
    });
    for (const socket of [client, upstream]) track(socket);
    client.pipe(upstream).pipe(client);
    const block = () => {
      client.unpipe(upstream).resume();
      upstream.unpipe(client).resume();
    };
    ways.add(block);
    client.once('close', () => ways.delete(block));
    client.once('close', () => upstream.destroy());
    upstream.once('close', () => client.destroy());
    return undefined;
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  t.teardown(() => {
    cut();
    server.close();
  });
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    turn(to) {
      on = to === 'on';
      if (!on) cut();
    },
    swallow() {
      for (const block of ways) block();
    },
    aim(port) {
      target = port;
    },
    passed: () => passed,
  };
}
