import { Socket } from 'node:net';

/**
 * Makes a socket read nothing ahead: it reads on only when whoever reads it has found it empty. Node asks for the next 64 KiB
 * as soon as it hands some out, and in a stream whose reader is slow they would wait in memory instead of in the storage.
 */
export function readOnDemand(socket: Socket): void {
  const { read } = socket;
  socket._read = () => {};
  socket.read = (size?: number) => {
    const chunk: unknown = read.call(socket, size);
    if (chunk === null) Socket.prototype._read.call(socket, 0);
    return chunk;
  };
}
