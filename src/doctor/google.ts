import type { Config } from '../config/config.ts';
import type { GoogleCredentials } from '../sign/google-credentials.ts';
import { type Outcome, passed, skipped } from './finding.ts';

/** Whether anything is asked of Google as somebody. */
function needsGoogle({ storage, records, firestoreEmulator, hmacSecret }: Config): boolean {
  return (
    storage === 'gcs' || (records === 'firestore' && !firestoreEmulator) || !!hmacSecret?.startsWith('sm://')
  );
}

/** Whether there is an access token, and whose; finds to whom roles are granted. Without one it fails by exception. */
export async function checkGoogle(config: Config, google: GoogleCredentials): Promise<Outcome<string>> {
  if (!needsGoogle(config)) return skipped('these settings ask nothing of Google');
  await google.token();
  // Credentials of a person have no e-mail at hand; who needs one says so.
  const email = await google.email().catch(() => undefined);
  return passed(
    `an access token of ${email ?? 'an account that names no service account'}`,
    email ?? 'the account that the broker runs as',
  );
}
