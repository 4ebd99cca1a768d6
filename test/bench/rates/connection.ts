import { connect } from 'node:net';

/** A kept connection to an HTTP/1.1 server that answers one request after the other, always with a Content-Length. */
export interface Connection {
  /** Sends a request whose text is whole. Only when the last one was answered. */
  ask(request: string, onStatus: (status: number) => void): void;
  close(): void;
}

/**
 * Much less work than node:http's client, which would be what is measured. Answers to HEAD have no body, whatever their length says.
 * `onFault` hears of a connection that ended.
 */
export async function openConnection(
  port: number,
  method: string,
  onFault: (error: Error) => void,
): Promise<Connection> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  let text = '';
  let answered: ((status: number) => void) | undefined;
  socket
    .setEncoding('latin1')
    .on('data', (chunk: string) => {
      text += chunk;
      const body = text.indexOf('\r\n\r\n') + 4;
      if (body === 3) return;
      const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, body))?.[1];
      if (length === undefined) return void socket.destroy(new Error(`no Content-Length: ${text}`));
      if (text.length < body + (method === 'HEAD' ? 0 : Number(length))) return;
      const status = Number(text.slice(9, 12));
      text = '';
      const tell = answered;
      answered = undefined;
      tell?.(status);
    })
    .on('error', onFault)
    .on('end', () => onFault(new Error('the server closed a connection')));
  return {
    ask(request, onStatus) {
      answered = onStatus;
      socket.write(request, 'latin1');
    },
    close: () => void socket.removeAllListeners('end').destroy(),
  };
}
