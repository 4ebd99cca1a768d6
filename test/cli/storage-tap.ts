import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the storage was asked. */
export interface Asked {
  readonly method: string;
  readonly contentRange: string | undefined;
  status: number;
  range: string | undefined;
}

/** Stands before a storage, passes everything on as it came, and writes down what was asked. */
export interface StorageTap {
  readonly origin: string;
  readonly asked: Asked[];
  /** Where the storage is. */
  target: string;
  /** Asked for each piece of a body that passes; `hold`: nothing more of this request passes, and it is never answered. */
  onPiece: (asked: Asked) => 'pass' | 'hold';
  close(): Promise<void>;
}

export async function storageTap(): Promise<StorageTap> {
  const server = createServer((incoming, outgoing) => {
    const asked: Asked = {
      method: incoming.method ?? '',
      contentRange: incoming.headers['content-range'],
      status: 0,
      range: undefined,
    };
    tap.asked.push(asked);
    const { method, headers } = incoming;
    const onward = request(new URL(incoming.url ?? '', tap.target), { method: method ?? '', headers });
    onward.on('response', (answer) => {
      asked.status = answer.statusCode ?? 0;
      asked.range = answer.headers.range;
      outgoing.writeHead(asked.status, answer.headers);
      answer.pipe(outgoing);
    });
    let held = false;
    onward.on('error', () => held || outgoing.destroy());
    incoming.on('error', () => onward.destroy());
    incoming.on('end', () => onward.end());
    incoming.on('data', (piece) => {
      if (tap.onPiece(asked) === 'pass') return void onward.write(piece);
      held = true;
      incoming.pause();
      onward.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const tap: StorageTap = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    target: '',
    onPiece: () => 'pass',
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return tap;
}
