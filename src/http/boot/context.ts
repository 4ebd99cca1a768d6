import type { Client } from '../../boot/client.ts';
import type { Source } from '../../boot/source.ts';
import type { PlaneContext, PlaneMiddleware, PlaneState } from '../plane/context.ts';

/** What is known of a request once its source was admitted. */
export interface BootState extends PlaneState {
  source: Source;
  /** This end of the connection, which the machine has reached, as a URL's origin; never its `Host`, which it chose. */
  origin: string | undefined;
  /** Its row of the client table. */
  client: Client;
  /** Whether it asks for what a machine boots first. */
  isFirstStage?: boolean;
}

export type BootContext = PlaneContext<BootState>;
export type BootMiddleware = PlaneMiddleware<BootState>;
