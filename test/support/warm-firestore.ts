import { openFirestore } from '../../src/records/firestore/firestore.ts';
import { machine, macOf } from '../records/examples.ts';
import { createMachine } from '../records/writing.ts';
import { scaled } from './patience.ts';

/** Writes and reads until it is done: an emulator's first answers take seconds, and a broker does not wait so long. */
export async function warm(host: string): Promise<void> {
  const deadlines = { readMs: scaled(60_000), writeMs: scaled(60_000) };
  const records = openFirestore({ project: 'warm', emulatorHost: host, deadlines });
  await createMachine(records, machine({ macs: [macOf(1)] }));
  await records.findMachine({ mac: macOf(1) });
  await records.listAssets({ state: 'ready' }, { limit: 1 });
  await records.close();
}

// Also a program, for an emulator in another network namespace.
if (import.meta.main) await warm(process.argv[2] ?? '');
