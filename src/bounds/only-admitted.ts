import type { Server, Socket } from 'node:net';

/** From now on the server takes only the connections that are admitted; who does not admit one ends it. */
export function onlyAdmitted(server: Server, admits: (socket: Socket) => boolean): void {
  const takes = server.listeners('connection');
  server.removeAllListeners('connection').on('connection', (socket: Socket) => {
    if (admits(socket)) for (const take of takes) take.call(server, socket);
  });
}
