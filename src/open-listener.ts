import { anyContains } from './boot/network.ts';
import type { ConnectionLimits } from './bounds/connections.ts';
import { descriptorShares } from './bounds/descriptors.ts';
import type { Config } from './config/config.ts';
import type { PlaneApp } from './http/plane/plane.ts';
import { type Listener, listen } from './http/server/listener.ts';
import type { Parts } from './parts.ts';

/** What was opened for one role, or for all. */
export interface Plane {
  /** Takes no more connections, lets running answers end for `graceMs`, then cuts them; then ends what ran beside them. */
  close(graceMs: number): Promise<void>;
}

/** Opens a plane on its address. Rejects, naming the setting, when that cannot be had. */
export async function openListener(
  name: 'boot' | 'admin',
  app: PlaneApp,
  config: Config,
  { log, metrics }: Parts,
): Promise<Listener> {
  const [at, setting] =
    name === 'boot' ? [config.listen, 'BROKER_LISTEN'] : [config.adminListen, 'BROKER_ADMIN_LISTEN'];
  const limits: ConnectionLimits = {
    total: Math.min(config.maxConnections, descriptorShares()[name]),
    floor: config.streamFloor,
    isFront: ({ remoteAddress = '' }) =>
      config.onCloudRun ||
      (name === 'boot' && config.edgeKeys !== undefined) ||
      anyContains(config.trustedProxies, remoteAddress),
    onTurned(reason, source) {
      metrics.turnedConnections.inc({ listener: name, reason });
      app.strangers?.write(source, { plane: name, source, reason }, 'a connection was turned away');
    },
  };
  const listener = await listen(app, at, limits).catch((error: Error) => {
    throw new Error(`${error.message}. Free that address, or choose another by ${setting}`, { cause: error });
  });
  log.info({ listener: name, host: listener.host, port: listener.port }, 'listening');
  return listener;
}
