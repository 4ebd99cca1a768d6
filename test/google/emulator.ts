import { type Emulator, startEmulator } from '../support/firestore-emulator.ts';
import { warm } from '../support/warm-firestore.ts';

/** An emulator that answers as fast as a broker expects. */
export async function warmEmulator(): Promise<Emulator> {
  const emulator = await startEmulator();
  await warm(emulator.host);
  return emulator;
}
