import { once } from 'node:events';
import { type Config, readConfig } from './config.ts';
import { adminApp, bootApp } from './http/app.ts';
import { type Listener, listen } from './http/listener.ts';
import type { AdminParts, BootParts } from './http/parts.ts';
import { openVerifier } from './jobs/verify.ts';
import { openParts, type Parts } from './parts.ts';

/** How long running answers may take to end after SIGTERM (Cloud Run gives 10 s before SIGKILL). */
const drainMs = 10_000;

/** Runs the broker until it is told to stop; resolves with the exit code. */
export async function serve(flags: Readonly<Record<string, string | undefined>> = {}): Promise<number> {
  const result = readConfig(flags);
  if ('mistakes' in result) {
    for (const mistake of result.mistakes) console.error(`bootbroker: ${mistake}`);
    return 2;
  }
  const stop = stopSignal();
  try {
    return await run(result.config, stop);
  } catch (error) {
    console.error(`bootbroker: ${error instanceof Error ? error.message : error}`);
    return 1;
  }
}

async function run(config: Config, stop: Promise<NodeJS.Signals>): Promise<number> {
  const clock = () => new Date();
  const parts = await openParts(config, clock);
  const { log } = parts;
  const verifier = openVerifier({ ...parts, clock });
  const listeners: Listener[] = [];
  try {
    const common = { ...config, ...parts, clock };
    if (config.roles.includes('boot')) {
      const { allowedNetworks, trustedProxies } = config;
      const sourcePolicy = { allowed: allowedNetworks, trustedProxies };
      const boot: BootParts = { ...common, records: parts.bootRecords, sourcePolicy };
      listeners.push(await open('boot', bootApp(boot), config.listen, 'BROKER_LISTEN', parts));
    }
    if (parts.adminToken !== undefined) {
      const admin: AdminParts = { ...common, adminToken: parts.adminToken, verify: verifier.verify };
      listeners.push(await open('admin', adminApp(admin), config.adminListen, 'BROKER_ADMIN_LISTEN', parts));
    }
    const { localgcs } = parts;
    if (localgcs) log.info({ listener: 'storage', host: localgcs.host, port: localgcs.port }, 'listening');
    if (config.roles.includes('jobs'))
      void verifier
        .resume()
        .catch((error: unknown) => log.warn({ error }, 'unfinished verifications stay unfinished'));
    log.info({ boot_url: config.publicUrl && `${config.publicUrl}/boot.efi` }, 'ready');
    const end = await Promise.race(localgcs ? [stop, localgcs.failed] : [stop]);
    if (end instanceof Error) {
      log.error({ error: end }, 'the embedded storage failed: the broker stops');
      return 1;
    }
    log.info({ signal: end }, 'stopping: running answers may end');
    return 0;
  } finally {
    await Promise.all(listeners.map((listener) => listener.close(drainMs)));
    await verifier.close();
    await parts.close();
  }
}

async function open(
  name: string,
  app: Parameters<typeof listen>[0],
  at: Config['listen'],
  setting: string,
  { log }: Parts,
): Promise<Listener> {
  const listener = await listen(app, at).catch((error: Error) => {
    throw new Error(`${error.message}. Free that address, or choose another by ${setting}`, { cause: error });
  });
  log.info({ listener: name, host: listener.host, port: listener.port }, 'listening');
  return listener;
}

/** The first signal stops in order; the second, of an impatient hand, at once. */
async function stopSignal(): Promise<NodeJS.Signals> {
  const signals = ['SIGTERM', 'SIGINT'] as const;
  const [signal] = await Promise.race(
    signals.map(async (name) => [await once(process, name).then(() => name)] as const),
  );
  for (const name of signals) process.once(name, () => process.exit(130));
  return signal;
}

if (import.meta.main) process.exitCode = await serve();
