import { type Emulator, startEmulator } from '../support/firestore-emulator.ts';
import { warm } from '../support/warm-firestore.ts';

/** An emulator that answers as fast as a broker expects. */
export async function warmEmulator(): Promise<Emulator> {
  const emulator = await startEmulator();
  try {
    await warm(emulator.host);
  } catch (error) {
    await emulator.kill(); // nobody else would
    throw error;
  }
  return emulator;
}
