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
  { log }: Parts,
): Promise<Listener> {
  const [at, setting] =
    name === 'boot' ? [config.listen, 'BROKER_LISTEN'] : [config.adminListen, 'BROKER_ADMIN_LISTEN'];
  const listener = await listen(app, at).catch((error: Error) => {
    throw new Error(`${error.message}. Free that address, or choose another by ${setting}`, { cause: error });
  });
  log.info({ listener: name, host: listener.host, port: listener.port }, 'listening');
  return listener;
}
