/** A storage in a process of its own, for tests that kill it or run it elsewhere: `node main.ts OPTIONS-AS-JSON`. */
import { startLocalgcs } from '../../src/localgcs/localgcs.ts';

const storage = await startLocalgcs(JSON.parse(process.argv[2] ?? ''));
console.log(JSON.stringify({ origin: storage.origin }));
