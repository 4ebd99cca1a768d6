import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Connections } from '../bounds/connections.ts';
import { admission } from './admission.ts';
import { isHangUp } from './faults.ts';
import type { LocalgcsOptions } from './options.ts';
import { openSessions } from './sessions.ts';
import { openStore } from './store/store.ts';
import type { Served } from './tell-served.ts';

// An import would read every export, and one of them, WebSocket, loads all of fetch behind it: half of this thread's start.
const { createServer } = process.getBuiltinModule('node:http');

/** Longer than the idle connections of load balancers and of undici live, so that they never write into a closing one. */
const KEEP_ALIVE = 75_000;
/** No byte in either direction. A machine on a slow link needs minutes to empty the buffers in between. */
const IDLE = 600_000;
/** How long transfers may go on once we are told to stop. */
const GRACE = 5_000;
const HOUR = 3_600_000;

export interface RunningServer {
  readonly address: AddressInfo;
  close(): Promise<void>;
}

/** Who hears of what is no answer. */
export interface Heard {
  readonly onTurned?: (why: string) => void;
  readonly onServed?: (served: Served) => void;
}

/** Opens the store and serves it from the calling thread. Times are in milliseconds. */
export async function serve(
  options: LocalgcsOptions,
  clock: () => Date,
  { onTurned = () => {}, onServed }: Heard = {},
): Promise<RunningServer> {
  const store = await openStore(options.dataDir, options.buckets, clock);
  const sessions = openSessions(store);
  const print = (to: NodeJS.WriteStream) => (line: object) =>
    void to.write(`${JSON.stringify({ time: clock().toISOString(), ...line })}\n`);
  const log = options.log === 'json' ? print(process.stdout) : undefined;
  const complain = print(process.stderr);
  const onFault = (error: unknown) => {
    if (!isHangUp(error)) complain({ fault: error instanceof Error ? error.stack : String(error) });
  };
  /** Loaded when the first request comes: a broker that starts redirects before anybody follows. */
  const load = async () => {
    const [{ createApp }, { createTrust }] = await Promise.all([import('./app.ts'), import('./auth.ts')]);
    const app = createApp({
      store,
      sessions,
      trust: createTrust(options, clock),
      log,
      onServed: options.tellsServed ? onServed : undefined,
    });
    return app.on('error', onFault).callback();
  };

  // A body may take as long as it takes: slow links are what resumable uploads are for.
  const server = createServer({
    keepAliveTimeout: KEEP_ALIVE,
    headersTimeout: 10_000,
    requestTimeout: 0,
    connectionsCheckingInterval: 1_000,
    requireHostHeader: false, // Node would refuse without a word of why
  });
  const { limits } = options;
  const doors = limits && admission(limits);
  const connections = limits && doors && new Connections({ ...limits, isFront: doors.isFront, onTurned });
  connections?.guard(server);
  doors?.guard(server, () => onTurned('network'));
  let app: ReturnType<typeof load> | undefined;
  const answer: RequestListener = async (request, response) => {
    if (connections) response.once('close', connections.begin(request.socket));
    app ??= load();
    await (await app)(request, response);
  };
  server.on('request', answer);
  server.on('checkContinue', answer);
  server.timeout = IDLE;

  const sweeping = setInterval(() => sessions.sweep().catch(onFault), HOUR);
  try {
    await sessions.sweep();
    const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', reject);
    server.listen(options.listen.port, options.listen.host, resolve);
    await listening;
  } catch (error) {
    clearInterval(sweeping);
    store.database.close();
    throw error;
  }
  return {
    address: server.address() as AddressInfo,
    close: async () => {
      clearInterval(sweeping);
      const cut = setTimeout(() => server.closeAllConnections(), GRACE);
      await new Promise((resolve) => server.close(resolve));
      clearTimeout(cut);
      await sessions.close();
      store.database.close();
    },
  };
}
