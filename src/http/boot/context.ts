import type { Client } from '../../boot/client.ts';
import type { Source } from '../../boot/source.ts';
import type { PlaneContext, PlaneMiddleware, PlaneState } from '../plane/context.ts';

/** What is known of a request once its source was admitted. */
export interface BootState extends PlaneState {
  source: Source;
  /** Its row of the client table. */
  client: Client;
  /** Whether it asks for what a machine boots first. */
  isFirstStage?: boolean;
}

export type BootContext = PlaneContext<BootState>;
export type BootMiddleware = PlaneMiddleware<BootState>;
