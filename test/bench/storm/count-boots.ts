import { openRoom } from '../room.ts';
import type { Workshop } from '../workshop.ts';
import type { Counts } from './counts.ts';
import { runStorm } from './run.ts';

/** What a boot asks for with the gcp drivers, when its machine has booted before. The emulator is asked gently. */
export async function countBoots(workshop: Workshop): Promise<Counts> {
  const room = await openRoom(workshop, { name: 'counting', machines: 100, stores: 'gcp' });
  await runStorm(workshop, room, { arrivalSeconds: 20 });
  const { seen, each } = await runStorm(workshop, room, { arrivalSeconds: 20 });
  await room.stop();
  if (seen.errors > 0) throw new Error(`${seen.errors} of 100 boots failed: ${seen.error}`);
  return each;
}
