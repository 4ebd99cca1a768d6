import type { Config } from '../config/config.ts';
import { checkBucket } from './bucket.ts';
import { checkClock } from './clock.ts';
import { check, type Finding, having, type Outcome } from './finding.ts';
import { checkReencoded } from './reencoded.ts';
import { checkScheme, type Trial } from './scheme.ts';
import { checkSigner } from './signed-url.ts';
import type { Keys, NamedSigner } from './signers.ts';
import type { Storage } from './storage.ts';
import { checkUpload } from './upload.ts';

/** Tries on a storage whatever the broker and its clients do with it. */
export async function* tryStorage(
  config: Config,
  storage: Storage | undefined,
  signers: Keys['signers'] | undefined,
  clock: () => Date,
): AsyncGenerator<Finding> {
  const clockIsRight = yield* check(
    'clock',
    having(storage, 'storage', (storage) => checkClock(storage, clock)),
  );
  await using leftovers = new AsyncDisposableStack();
  const probe = yield* check('bucket', having(storage, 'storage', checkBucket), (probe) =>
    leftovers.defer(() => probe.close()),
  );
  // A wrong clock spoils every signature, and none of them is to blame.
  const scene = storage && probe && clockIsRight && { storage, probe, clock };
  const missing = clockIsRight ? 'bucket' : 'clock';
  let signer: NamedSigner | undefined;
  for (const one of signers ?? []) {
    const works = yield* check(
      `signer ${one.name}`,
      having(scene, missing, ({ storage, probe }) => checkSigner(storage, probe, one, clock)),
    );
    signer ??= works;
  }
  yield* trySignedUrls(config, scene && signer && { ...scene, signer });
}

async function* trySignedUrls(config: Config, trial: Trial | undefined): AsyncGenerator<Finding> {
  const trying = (work: (trial: Trial) => Promise<Outcome<never>>) => having(trial, 'a signer', work);
  const https = trying((trial) => checkScheme('https', trial, config));
  const http = trying((trial) => checkScheme('http', trial, config));
  const reencoded = trying((trial) => checkReencoded(trial, config));
  const upload = trying(({ storage, signer, clock }) => checkUpload(storage, signer, clock));
  yield* check('https', https);
  yield* check('http', http);
  yield* check('re-encoded URL', reencoded);
  yield* check('upload', upload);
}
