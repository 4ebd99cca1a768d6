import type { Agent } from 'undici';
import { readOnDemand } from './read-on-demand.ts';

/** Connections to the storage, kept for the next request. Loaded when first needed: a broker that only redirects needs none. */
export function storageConnections() {
  let agent: Promise<Agent> | undefined;
  return {
    open: (): Promise<Agent> => {
      agent ??= load();
      return agent;
    },
    close: async () => (await agent)?.destroy(),
  };
}

/** In ms and bytes. What was read waits for whoever reads it, however little it is: by node's own mark, 64 KiB may join it. */
const howToConnect = { timeout: 3_000, highWaterMark: 1 };

async function load(): Promise<Agent> {
  const { Agent, buildConnector } = await import('undici');
  const connect = buildConnector(howToConnect);
  return new Agent({
    pipelining: 1,
    connect: (options, callback) =>
      connect(options, (...[error, socket]) => {
        if (error) return callback(error, null);
        if (!isHttp2(socket)) readOnDemand(socket);
        callback(null, socket);
      }),
  });
}

/** Whether TLS has agreed on it (RFC 9113 section 3.2): then frames are read beneath the socket. */
function isHttp2(socket: object): boolean {
  return 'alpnProtocol' in socket && socket.alpnProtocol === 'h2';
}
