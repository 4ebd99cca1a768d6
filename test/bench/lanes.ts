import { join } from 'node:path';
import { googleCloud, type Settings, type SignerName } from '../google/cloud.ts';
import { openSite, stockByApi } from '../google/site.ts';
import { firestoreHost } from './emulator.ts';
import type { Workshop } from './workshop.ts';

/** A way to run the boot plane, on stores that hold a machine and its profile. */
export interface Lane {
  readonly settings: Settings;
  /** The kernel of the machine's profile. */
  readonly asset: string;
}

/** The boot plane as it comes, and with the gcp drivers: Firestore's emulator, and all else of Google Cloud as the tests have it. */
export async function openLanes(workshop: Workshop): Promise<Readonly<Record<string, Lane>>> {
  const onCloud = async (signer: SignerName) => {
    const cloud = await googleCloud(workshop, await firestoreHost());
    return stocked(workshop, cloud.settings(signer));
  };
  return {
    embedded: await stocked(workshop, {
      BROKER_DATA_DIR: join(workshop.folder, 'embedded'),
      BROKER_ADMIN_TOKEN: 'the-token-of-the-benchmark',
    }),
    'gcp, hmac': await onCloud('hmac'),
    'gcp, iam': await onCloud('iam'),
  };
}

/** A broker of all roles takes what is booted; those that are measured have the boot role. */
async function stocked(workshop: Workshop, settings: Settings): Promise<Lane> {
  const site = await openSite(workshop, settings);
  const { machine, revision } = await stockByApi(site);
  site.broker.kill('SIGTERM');
  await site.broker.ended;
  return {
    settings: { ...settings, BROKER_ROLES: 'boot' },
    asset: `/asset/${revision.id}/kernel?machine=${machine.id}`,
  };
}
