import type { AuditEntry } from '../../src/boot/access/audit.ts';
import type { ApiToken } from '../../src/boot/access/token.ts';
import type { Asset } from '../../src/boot/asset/asset.ts';
import type { Upload } from '../../src/boot/asset/upload.ts';
import { type BootEntry, recorded } from '../../src/boot/history/boot-entry.ts';
import type { BootRecord, BootStep } from '../../src/boot/history/boot-record.ts';
import type { Machine } from '../../src/boot/machine/machine.ts';
import { type PendingMachine, pendingId } from '../../src/boot/machine/pending-machine.ts';
import type { ProfileRevision } from '../../src/boot/profile.ts';
import type { Rule } from '../../src/boot/rule/rule.ts';

const start = Date.now();
let made = 0;

/** UUIDv7 (RFC 9562 section 5.7) whose order is the order of making, even within one millisecond. */
export function newId(): string {
  const hex = [(start + made).toString(16).padStart(12, '0'), process.pid.toString(16).padStart(12, '0')];
  made += 1;
  const [time = '', tail = ''] = hex;
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${tail}`;
}

/** The n-th time of a clock that the examples share. */
export const at = (n: number) => new Date(Date.UTC(2026, 0, 1) + n * 1000).toISOString();

export function macOf(n: number): string {
  const octets = n.toString(16).padStart(10, '0').match(/../g) ?? [];
  return ['02', ...octets].join(':');
}

export function machine(is: Partial<Machine> = {}): Machine {
  return {
    id: newId(),
    macs: [],
    labels: {},
    networks: [],
    history: [],
    version: 1,
    created_at: at(0),
    updated_at: at(0),
    ...is,
  };
}

export function revision(is: Partial<ProfileRevision> = {}): ProfileRevision {
  return {
    id: newId(),
    name: 'debian',
    arch: 'x86_64',
    initrds: [],
    cmdline: 'console=ttyS0',
    metadata: {},
    created_at: at(0),
    ...is,
  };
}

export function asset(is: Partial<Asset> = {}): Asset {
  const upload = is.upload_id ?? newId();
  return {
    id: newId(),
    kind: 'kernel',
    name: 'debian-12',
    version: '6.1',
    arch: 'x86_64',
    upload_id: upload,
    bucket: 'boot-assets',
    object: `assets/${upload}/debian-12-6.1-x86_64.kernel`,
    size: 8_000_000,
    crc32c: 'AAAAAA==',
    type: 'application/octet-stream',
    state: 'created',
    created_at: at(0),
    updated_at: at(0),
    ...is,
  };
}

/** The upload that the asset announces. */
export function uploadOf(of: Asset, is: Partial<Upload> = {}): Upload {
  return {
    id: of.upload_id,
    asset_id: of.id,
    object: of.object,
    mode: 'signed',
    state: 'open',
    expires_at: at(3600),
    created_at: at(0),
    ...is,
  };
}

type EntryOf = Partial<BootEntry & BootStep>;

/** Something that happened in a boot: a script that begins one, unless told. */
export function bootEntry({
  machine_id = 'm',
  boot,
  revision,
  fresh = newId(),
  ...is
}: EntryOf = {}): BootEntry & { readonly step: BootStep } {
  return {
    machine_id,
    ...(boot && { boot }),
    ...(revision && { revision }),
    owned: true,
    step: { at: at(0), stage: 'script', source: '10.0.0.7', ...is },
    fresh,
  };
}

/** The boot that it begins. */
export function begunBy(entry: BootEntry): BootRecord {
  return recorded(entry, { named: undefined, last: undefined }) as BootRecord;
}

export function rule(is: Partial<Rule> = {}): Rule {
  made += 1;
  return {
    id: newId(),
    name: `rule-${made}`,
    selector: { all: [] },
    profile: 'debian',
    priority: made,
    percent: 100,
    history: [],
    version: 1,
    created_at: at(0),
    updated_at: at(0),
    ...is,
  };
}

export function token(is: Partial<ApiToken> = {}): ApiToken {
  return {
    id: newId(),
    name: 'ci',
    role: 'operator',
    hash: 'ab'.repeat(32),
    version: 1,
    created_at: at(0),
    ...is,
  };
}

export function auditEntry(is: Partial<AuditEntry> = {}): AuditEntry {
  return {
    id: newId(),
    at: at(0),
    actor: { kind: 'bootstrap', id: 'bootstrap', role: 'admin' },
    from: '127.0.0.1',
    action: 'machine.create',
    outcome: 'done',
    ...is,
  };
}

export function pending(is: Partial<PendingMachine> = {}): PendingMachine {
  const identity = { mac: macOf(1), ...is };
  return {
    id: pendingId(identity),
    address: '10.0.0.7',
    first_seen: at(0),
    last_seen: at(0),
    count: 1,
    ...identity,
  };
}
