import { startLocalgcs } from '../../src/localgcs/localgcs.ts';
import type { LocalgcsOptions } from '../../src/localgcs/options.ts';

/** The embedded Cloud Storage alone in a process, started by the benchmark with its options as JSON. */
process.once('disconnect', () => process.exit());
const options = JSON.parse(process.argv[2] ?? '') as LocalgcsOptions;
const { origin } = await startLocalgcs(options);
process.send?.({ origin });
