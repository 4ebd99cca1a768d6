import type { Actor } from '../../boot/access/actor.ts';
import type { PlaneContext, PlaneMiddleware, PlaneState } from '../plane/context.ts';

/** What is known of a request once its caller was identified. */
export interface AdminState extends PlaneState {
  by: Actor;
}

export type AdminContext = PlaneContext<AdminState>;
export type AdminMiddleware = PlaneMiddleware<AdminState>;
