import { once } from 'node:events';
import { type Config, readConfig } from './config/config.ts';
import type { Plane } from './open-listener.ts';
import { openParts } from './parts.ts';
import { loadBootPlane, openPlanes } from './planes.ts';
import type { OpenTelemetry } from './telemetry/traces/opentelemetry.ts';

/** How long running answers may take to end after SIGTERM (Cloud Run gives 10 s before SIGKILL). */
const drainMs = 10_000;

/** Exit codes, as the command line documents them. */
const wrongUsage = 2;
const failed = 3;

/** Runs the broker until it is told to stop; resolves with the exit code. */
export async function serve(flags: Readonly<Record<string, string | undefined>> = {}): Promise<number> {
  const result = readConfig(flags);
  if ('mistakes' in result) {
    for (const mistake of result.mistakes) console.error(`bootbroker: ${mistake}`);
    return wrongUsage;
  }
  const stop = stopSignal();
  try {
    return await run(result.config, stop);
  } catch (error) {
    console.error(`bootbroker: ${error instanceof Error ? error.message : error}`);
    return failed;
  }
}

async function run(config: Config, stop: Promise<NodeJS.Signals>): Promise<number> {
  const clock = () => new Date();
  const telemetry = await startTelemetry(config);
  // While the embedded storage starts in its own thread, this one loads the boot plane.
  const loading = loadBootPlane(config);
  loading.catch(() => {}); // told below, unless the parts fail first
  const parts = await openParts(config, clock, telemetry);
  const { log, localgcs } = parts;
  let planes: Plane | undefined;
  try {
    planes = await openPlanes(config, parts, clock, await loading);
    if (localgcs) log.info({ listener: 'storage', host: localgcs.host, port: localgcs.port }, 'listening');
    log.info({ boot_url: config.publicUrl && `${config.publicUrl}/boot.efi` }, 'ready');
    const end = await Promise.race(localgcs ? [stop, localgcs.failed] : [stop]);
    if (end instanceof Error) {
      log.error({ error: end }, 'the embedded storage failed: the broker stops');
      return failed;
    }
    log.info({ signal: end }, 'stopping: running answers may end');
    return 0;
  } finally {
    await planes?.close(drainMs);
    await telemetry?.close();
    await parts.close();
  }
}

/** Loaded only where OpenTelemetry's own settings name an endpoint: it takes longer to load than all else. */
async function startTelemetry({ otlp, onCloudRun }: Config): Promise<OpenTelemetry | undefined> {
  if (!otlp) return undefined;
  const { openTelemetry } = await import('./telemetry/traces/opentelemetry.ts');
  return openTelemetry({ ...otlp, leavesWithAnswers: onCloudRun });
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
