import { connect, type Socket } from 'node:net';

/** Opens a connection of its own, as every machine does, and asks for one URL. */
export function ask(url: string, userAgent: string): Socket {
  const { hostname, port, pathname, search } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(
    `GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUser-Agent: ${userAgent}\r\nConnection: close\r\n\r\n`,
  );
  return socket;
}
