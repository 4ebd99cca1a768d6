import type { Asset, AssetKind, AssetName, AssetState } from '../boot/asset.ts';
import type { BootEvent } from '../boot/event.ts';
import type { Identity, Machine } from '../boot/machine.ts';
import type { ProfileRevision } from '../boot/profile.ts';
import type { Upload } from '../boot/upload.ts';

export interface PageRequest {
  /** 1 to 1000. */
  readonly limit: number;
  /** `next` of the page before; opaque. */
  readonly cursor?: string;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Absent on the last page. */
  readonly next?: string;
}

export interface MacTaken {
  readonly kind: 'mac-taken';
  readonly mac: string;
  /** The id of the machine that holds it. */
  readonly holder: string;
}

export interface AssetExists {
  readonly kind: 'asset-exists';
  readonly asset: Asset;
}

/** What `changeAsset` expects to find; anything else means that somebody was faster. */
export interface AssetExpectation {
  readonly state: AssetState;
  readonly upload_id: string;
}

export interface AssetFilter {
  readonly kind?: AssetKind;
  readonly name?: string;
  readonly version?: string;
  readonly state?: AssetState;
}

/** Machines, and the profile revisions that they point to. */
export interface MachineRecords {
  /** All of it or nothing: a MAC belongs to one machine. */
  createMachine(machine: Machine): Promise<'created' | MacTaken>;
  machine(id: string): Promise<Machine | undefined>;
  /** By MAC, else by UUID, else by serial; the latter two only if exactly one machine has it. A MAC that nobody holds does not rule out the rest. */
  findMachine(identity: Identity): Promise<Machine | undefined>;
  listMachines(page: PageRequest): Promise<Page<Machine>>;

  /** With an activation also moves that machine's pointer and appends to its history, of which the last 100 moves are kept, in the same transaction. */
  createProfile(
    revision: ProfileRevision,
    activation?: { readonly machine_id: string; readonly at: string },
  ): Promise<'created' | 'unknown-machine'>;
  profile(id: string): Promise<ProfileRevision | undefined>;
  /** The revision of that name that was created last. */
  newestProfile(name: string): Promise<ProfileRevision | undefined>;
  listProfiles(page: PageRequest): Promise<Page<ProfileRevision>>;
}

/** Assets, and the uploads that bring their bytes. */
export interface AssetRecords {
  /**
   * Announces an asset with its first upload; or, where an asset of that name is still `created` or `uploading`, gives it this
   * upload instead (it keeps its id and creation time, the rest is the new announcement's). The upload's asset_id is that of the returned asset.
   */
  createUpload(
    upload: Upload,
    asset: Asset,
  ): Promise<{ readonly kind: 'created'; readonly asset: Asset } | AssetExists>;
  upload(id: string): Promise<Upload | undefined>;

  asset(id: string): Promise<Asset | undefined>;
  namedAsset(name: AssetName): Promise<Asset | undefined>;
  listAssets(filter: AssetFilter, page: PageRequest): Promise<Page<Asset>>;
  /** Of the ready assets of that kind, name and arch the one that became ready last. */
  newestAsset(which: Omit<AssetName, 'version'>): Promise<Asset | undefined>;
  /** Every ready kernel and initrd that shares this name. */
  imageAssets(name: string): Promise<readonly Asset[]>;
  /** Replaces the asset, and its upload if given, if it is as expected; false if it is not. */
  changeAsset(asset: Asset, expected: AssetExpectation, upload?: Upload): Promise<boolean>;
}

/** What happened in the boots of machines. */
export interface BootRecords {
  /** An event whose id is known already changes nothing. */
  addBootEvent(event: BootEvent): Promise<void>;
  /** The machine's event of that stage that was added last. */
  lastBootEvent(machineId: string, stage: string): Promise<BootEvent | undefined>;
  listBootEvents(machineId: string | undefined, page: PageRequest): Promise<Page<BootEvent>>;
}

/**
 * What we know. Drivers keep what they are given and enforce what needs a transaction; they make no ids and read no clock.
 * Every write that has returned lasts (it is on disk). Every fault is a `StoreDown`; "not there" is `undefined`, never a fault.
 * Lists are in the order of creation, oldest first, and a page that was begun goes on correctly while others write.
 */
export interface Records extends MachineRecords, AssetRecords, BootRecords {
  /** Resolves when the store answers. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
