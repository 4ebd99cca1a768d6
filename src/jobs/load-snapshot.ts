import type { Blobs } from '../blobs/blobs.ts';
import { headText } from '../boot/access/audit.ts';
import { oldestSnapshotMs, type Snapshot } from '../boot/snapshot.ts';
import type { Log } from '../telemetry/log.ts';
import { snapshotObject } from './snapshot.ts';
import { isReadable, unseal } from './snapshot-seal.ts';

/** Some fifty thousand machines; in bytes. */
const mostBytes = 64 * 1024 * 1024;
/** How far the clock of whoever published it may be ahead of ours. */
const mostAheadMs = 5 * 60_000;

/** Hands the published snapshot to `seed`, if there is one and it can be believed; else says why not. Never rejects. */
export async function loadSnapshot({
  blobs,
  key,
  clock,
  log,
  seed,
}: {
  readonly blobs: Pick<Blobs, 'read'>;
  readonly key: () => Promise<string>;
  readonly clock: () => Date;
  readonly log: Log;
  readonly seed: (snapshot: Snapshot) => void;
}): Promise<void> {
  const object = snapshotObject;
  try {
    const sealed = await blobs.read(object, mostBytes);
    if (!sealed) {
      log.info(
        { object },
        'there is no snapshot of the records yet: a broker with the jobs role publishes it',
      );
      return;
    }
    const snapshot = open(sealed, await key(), clock());
    if (typeof snapshot === 'string') {
      log.error({ object, reason: snapshot }, 'the snapshot of the records is refused');
      return;
    }
    seed(snapshot);
    log.info(
      {
        ...{ object, at: snapshot.at, machines: snapshot.machines.length },
        ...(snapshot.audit && { audit_head: headText(snapshot.audit) }),
      },
      'a snapshot of the records is loaded',
    );
  } catch (error) {
    log.warn({ object, error }, 'the snapshot of the records could not be loaded');
  }
}

/** The snapshot, or why it is refused. */
function open(sealed: Buffer, key: string, now: Date): Snapshot | string {
  if (isReadable(sealed))
    return 'it is of a version that did not encrypt it: the jobs role of this version replaces it at its next turn';
  const content = unseal(sealed, key);
  if (!content)
    return 'its signature is not by BROKER_SNAPSHOT_KEY: give all brokers the same key; if they have it, see who may write to the bucket';
  const snapshot = parse(content);
  if (!snapshot) return 'it is not as this version writes it: run one version everywhere';
  const ageMs = now.getTime() - Date.parse(snapshot.at);
  if (ageMs >= oldestSnapshotMs)
    return `it is of ${snapshot.at}, too old to be believed: see why the jobs role publishes none`;
  if (ageMs < -mostAheadMs) return `it is of ${snapshot.at}, which is to come: set the clocks (NTP)`;
  return snapshot;
}

function parse(content: Buffer): Snapshot | undefined {
  try {
    const { at, machines, rules, profiles, assets, audit } = JSON.parse(
      content.toString(),
    ) as Partial<Snapshot>;
    if (at === undefined || Number.isNaN(Date.parse(at))) return undefined;
    if (!Array.isArray(machines) || !Array.isArray(rules)) return undefined;
    if (!Array.isArray(profiles) || !Array.isArray(assets)) return undefined;
    return { at, machines, rules, profiles, assets, ...(audit && { audit }) };
  } catch {
    return undefined;
  }
}
