import type { AuditEntry, AuditEvent } from '../boot/access/audit.ts';
import type { ApiToken } from '../boot/access/token.ts';
import type { Asset } from '../boot/asset/asset.ts';
import type { AssetName } from '../boot/asset/asset-name.ts';
import type { AssetChange, UploadChange } from '../boot/asset/asset-step.ts';
import type { Damaged } from '../boot/asset/condition.ts';
import type { Upload } from '../boot/asset/upload.ts';
import type { assetFields } from '../boot/fields/asset.ts';
import type { Search } from '../boot/fields/field.ts';
import type { machineFields } from '../boot/fields/machine.ts';
import type { uploadFields } from '../boot/fields/upload.ts';
import type { BootEntry } from '../boot/history/boot-entry.ts';
import type { BootRecord } from '../boot/history/boot-record.ts';
import type { Identity } from '../boot/machine/identity.ts';
import type { Machine } from '../boot/machine/machine.ts';
import type { PendingMachine } from '../boot/machine/pending-machine.ts';
import type { ProfileRevision } from '../boot/profile.ts';
import type { Rule, RuleInForce } from '../boot/rule/rule.ts';

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

/** One write to one document, and what has to be there for it. */
export type Change =
  | Replacement<'machine', Machine>
  | Replacement<'rule', Rule>
  | Replacement<'token', ApiToken>
  /** Made once, and never changed. */
  | { readonly kind: 'profile'; readonly to: ProfileRevision }
  | AssetChange
  /** Always with its asset, whose expectation stands guard over it. */
  | UploadChange;

export interface Replacement<Kind, Document> {
  readonly kind: Kind;
  readonly id: string;
  /** The version that is there; 0: nothing is. */
  readonly expected: number;
  /** The version after that one; undefined: it goes. */
  readonly to: Document | undefined;
}

/** Why nothing was written. */
export type Conflict =
  /** Somebody else was faster; `version` is what is there now, absent where there is none. */
  | {
      readonly kind: 'changed';
      readonly what: Change['kind'];
      readonly id: string;
      readonly version?: number;
    }
  | {
      readonly kind: 'taken';
      readonly what: 'mac' | 'rule-name' | 'rule-priority';
      readonly key: string;
      /** Id of the machine or rule that has it. */
      readonly holder: string;
    }
  /** There is no room for that many rules. */
  | { readonly kind: 'full'; readonly what: 'rules' };

export type UploadFilter = Search<typeof uploadFields, Upload>;
export type AssetFilter = Search<typeof assetFields, Asset>;
/** At most one of these. */
export type MachineSearch = Search<typeof machineFields, Machine>;

/** Machines, and the profile revisions that they point to. */
export interface MachineRecords {
  machine(id: string): Promise<Machine | undefined>;
  /** By MAC, else by UUID, else by serial, as `boot/machine/find-machine.ts` has it. */
  findMachine(identity: Identity): Promise<Machine | undefined>;
  listMachines(page: PageRequest, search?: MachineSearch): Promise<Page<Machine>>;

  profile(id: string): Promise<ProfileRevision | undefined>;
  /** The revision of that name that was created last. */
  newestProfile(name: string): Promise<ProfileRevision | undefined>;
  /** All, or those of one name. */
  listProfiles(page: PageRequest, name?: string): Promise<Page<ProfileRevision>>;
}

/** Which profile machines get that have none of their own. */
export interface RuleRecords {
  rule(id: string): Promise<Rule | undefined>;
  listRules(page: PageRequest): Promise<Page<Rule>>;
  /** All of them, the highest priority first; one read of the store. */
  rulebook(): Promise<readonly RuleInForce[]>;
}

/** Who may ask for changes, and who did. */
export interface AdminRecords {
  token(id: string): Promise<ApiToken | undefined>;
  listTokens(page: PageRequest): Promise<Page<ApiToken>>;
  /** By `newest` from the last one backwards. */
  listAudit(page: PageRequest, order?: 'oldest' | 'newest'): Promise<Page<AuditEvent>>;
}

/** Assets, and the uploads that bring their bytes. */
export interface AssetRecords {
  upload(id: string): Promise<Upload | undefined>;
  listUploads(filter: UploadFilter, page: PageRequest): Promise<Page<Upload>>;

  asset(id: string): Promise<Asset | undefined>;
  namedAsset(name: AssetName): Promise<Asset | undefined>;
  listAssets(filter: AssetFilter, page: PageRequest): Promise<Page<Asset>>;
  /** The ready asset of that kind, name and arch that became ready last, of those without a filename. */
  newestAsset(which: Omit<AssetName, 'version' | 'filename'>): Promise<Asset | undefined>;
  /** Every ready asset that shares this name. */
  imageAssets(name: string): Promise<readonly Asset[]>;
  /** All that are known to be damaged, in no order. */
  damagedAssets(): Promise<readonly Damaged[]>;
}

/** Machines that nobody has registered, as they were observed. They are in no transaction with anything else, and may lie elsewhere. */
export interface PendingRecords {
  /**
   * What was seen since is added to what is known, and these ids go, as `pendingAfter` has it: all of one call or none. Calls
   * that meet are all kept. Nobody who boots waits for it.
   */
  updatePending(seen: readonly PendingMachine[], gone?: readonly string[]): Promise<void>;
  pending(id: string): Promise<PendingMachine | undefined>;
  /** In the order of their coming. */
  listPending(page: PageRequest): Promise<Page<PendingMachine>>;
}

/** What happened in the boots of machines. */
export interface BootRecords {
  /**
   * Adds to the boot that the entry belongs to, or begins one. Boots have an end: those that began too many days ago go, of each
   * machine all but the newest, and all with their machine.
   */
  addBootEntry(entry: BootEntry): Promise<void>;
  /** The machine's boot that began last; or of those with a step of that stage. */
  lastBoot(machineId: string, stage?: string): Promise<BootRecord | undefined>;
  /** The machine's boot of that revision that began first. */
  firstBoot(machineId: string, revision: string): Promise<BootRecord | undefined>;
  listBoots(machineId: string | undefined, page: PageRequest): Promise<Page<BootRecord>>;
  /** Boots that began earlier are gone when it resolves. Absent where the store itself sees to it. */
  expireBoots?(before: Date): Promise<void>;
}

/** Hears what one write has added to the audit log, once it is written. */
export type OnAudited = (events: readonly AuditEvent[]) => void;

/**
 * What we know. Drivers keep what they are given and enforce what needs a transaction; they make no ids and read no clock.
 * Every write that has returned lasts (it is on disk). Every fault is a `StoreDown`; "not there" is `undefined`, never a fault.
 * Lists are in the order of creation, oldest first, and a page that was begun goes on correctly while others write.
 */
export interface Records
  extends MachineRecords,
    RuleRecords,
    AdminRecords,
    AssetRecords,
    BootRecords,
    PendingRecords {
  /**
   * All changes or none, with the audit entries in the same transaction. A MAC belongs to one machine, a name and a priority
   * to one rule, a kind, name, version, arch and filename to one asset; what a machine or a rule gives up, another in the same call may take.
   */
  write(changes: readonly Change[], audit?: readonly AuditEntry[]): Promise<'written' | Conflict>;
  /** Resolves when the store answers. */
  ping(): Promise<void>;
  /** Whether its disk has room for what administrators do. Absent where it has none of its own. */
  disk?(): Promise<'ok' | 'full'>;
  close(): Promise<void>;
}

/** All items of a list, page after page. */
export async function* every<Item>(list: (page: PageRequest) => Promise<Page<Item>>): AsyncGenerator<Item> {
  let cursor: string | undefined;
  do {
    const page = await list({ limit: 1000, ...(cursor && { cursor }) });
    yield* page.items;
    cursor = page.next;
  } while (cursor);
}
