import { command, needing } from '../support/needs.ts';
import { labNeeds } from './needs.ts';
import { realBoot } from './real-boot.ts';

// The same boot, with the records in Firestore.
realBoot(
  needing(...labNeeds, command('java'), command('gcloud')),
  [{ mac: '52:54:00:00:00:05', words: 'seat=firestore' }],
  { records: 'firestore' },
);
