import type { Blobs } from '../blobs/blobs.ts';
import type { ChangeFeed } from '../records/changes.ts';
import type { Records } from '../records/records.ts';
import type { Signer } from '../sign/v4.ts';
import type { Operation, Watch } from '../telemetry/watch.ts';

/** The records, each call watched; and the feed of their changes, if they have one. */
export function watchedRecords<Store extends Records & { readonly changes?: ChangeFeed }>(
  records: Store,
  watch: Watch,
): Store {
  const watched = watchedCalls('records', records, ['close'], watch);
  const { changes } = records;
  return changes ? { ...watched, changes: watchedCalls('records', changes, ['listen'], watch) } : watched;
}

/** The storage, each call watched, but for what only signs. A list is asked for page by page, and as slowly as its reader likes. */
export function watchedBlobs(blobs: Blobs, watch: Watch): Blobs {
  return watchedCalls('storage', blobs, ['signedUrl', 'uploadGrant', 'list', 'close'], watch);
}

export function watchedSigner(signer: Signer, watch: Watch): Signer {
  return watchedCalls('signer', signer, [], watch);
}

/** What a call answers comes as it came: at once, or as a promise. */
function watchedCalls<Store extends object>(
  store: Operation['store'],
  of: Store,
  except: readonly (keyof Store)[],
  watch: Watch,
): Store {
  const entries = Object.entries(of).map(([name, call]) => {
    if (typeof call !== 'function' || except.includes(name as keyof Store)) return [name, call];
    const operation = { store, name };
    return [name, (...args: unknown[]) => watch(operation, () => call(...args))];
  });
  return Object.fromEntries(entries);
}
