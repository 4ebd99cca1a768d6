import { openFirestore } from '../../src/records/firestore.ts';
import { type Emulator, startEmulator } from '../support/firestore-emulator.ts';

/** An emulator that has answered a query: its first one takes seconds, and a broker does not wait so long. */
export async function warmEmulator(): Promise<Emulator> {
  const emulator = await startEmulator();
  const deadlines = { readMs: 60_000, writeMs: 60_000 };
  const records = openFirestore({ project: 'warm', emulatorHost: emulator.host, deadlines });
  await records.listAssets({ state: 'ready' }, { limit: 1 });
  await records.close();
  return emulator;
}
