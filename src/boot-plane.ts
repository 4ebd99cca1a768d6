import { descriptorShares } from './bounds/descriptors.ts';
import type { Config } from './config/config.ts';
import { bootApp } from './http/boot/app.ts';
import { BootLog } from './http/boot/boot-log.ts';
import { UnknownMachines } from './http/boot/unknown-machines.ts';
import type { CommonParts } from './http/plane/parts.ts';
import { openListener, type Plane } from './open-listener.ts';
import type { Parts } from './parts.ts';

/** What machines ask, on its address. */
export async function openBootPlane(
  config: Config,
  parts: Parts,
  common: Pick<CommonParts, 'clock' | 'describe'>,
): Promise<Plane> {
  const own = { ...parts, records: parts.bootRecords };
  const bootLog = new BootLog(config.events, own);
  const unknownMachines = new UnknownMachines(parts);
  const sourcePolicy = { allowed: config.allowedNetworks, trustedProxies: config.trustedProxies };
  const maxStreams = Math.min(config.maxStreams, descriptorShares().streams);
  if (maxStreams < config.maxStreams)
    parts.log.warn(
      { streams: maxStreams, wanted: config.maxStreams },
      'the process may open too few files for BROKER_MAX_STREAMS: raise the limit (ulimit -n, LimitNOFILE)',
    );
  const app = bootApp({ ...config, maxStreams, ...own, ...common, bootLog, unknownMachines, sourcePolicy });
  const listener = await openListener('boot', app, config, parts);
  return {
    async close(graceMs) {
      await listener.close(graceMs);
      await bootLog.settled();
      await unknownMachines.settled();
    },
  };
}
