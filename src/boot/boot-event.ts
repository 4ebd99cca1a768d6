import type { bootEventSchema } from './schema/event.ts';
import type { Output } from './schema/type.ts';

/** Something that happened in a machine's boot: the broker answered it, or it reported how far it got. */
export type BootEvent = Output<typeof bootEventSchema>;
