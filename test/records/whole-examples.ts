import type { AuditEntry } from '../../src/boot/access/audit.ts';
import type { ApiToken } from '../../src/boot/access/token.ts';
import type { Asset, ResolvedAsset } from '../../src/boot/asset/asset.ts';
import type { BootEntry } from '../../src/boot/history/boot-entry.ts';
import type { Machine } from '../../src/boot/machine/machine.ts';
import type { ProfileRevision } from '../../src/boot/profile.ts';
import type { Rule } from '../../src/boot/rule/rule.ts';
import {
  asset,
  at,
  auditEntry,
  bootEntry,
  machine,
  macOf,
  newId,
  pending,
  revision,
  rule,
  token,
} from './examples.ts';

const sha256 = 'ab'.repeat(32);
const program = { format: 'linux-x86', arch: 'x86_64', cmdline_size: 2047 } as const;

function wholeAsset(is: Partial<Asset> = {}): Required<Asset> {
  return {
    ...asset(),
    filename: 'grubx64.efi',
    generation: '1700000000000001',
    sha256,
    verify: 'full',
    etag: '"e"',
    last_modified: at(1),
    state: 'retired',
    verified_bytes: 5,
    checked: 'sha256',
    program,
    failure: 'size is 1, announced was 2',
    condition: 'damaged',
    damage: 'size is 1, announced was 2',
    damaged_at: at(3),
    scrubbed_at: at(2),
    ready_at: at(2),
    retired_at: at(3),
    condemned_at: at(4),
    networks: ['10.1.0.0/24'],
    ...is,
  };
}

function resolvedAsset(): Required<ResolvedAsset> {
  const { id, kind, name, version, arch, filename, bucket, object, generation, size, crc32c, type } =
    wholeAsset();
  const named = {
    asset_id: id,
    kind,
    name,
    version,
    arch,
    filename,
    bucket,
    object,
    generation,
    size,
    crc32c,
    type,
  };
  return {
    ...named,
    sha256,
    etag: '"e"',
    last_modified: at(1),
    ready_at: at(2),
    program,
    loaded_as: 'boot.wim',
  };
}

/** Documents that say all that one can say: the compiler sees to it. */
export function wholeExamples() {
  const history = [{ revision: newId(), at: at(1) }];
  const wholeMachine: Required<Machine> = {
    ...machine({ macs: [macOf(71), macOf(72)], labels: { rack: 'r1', at: at(0) }, history }),
    name: 'whole',
    uuid: newId(),
    serial: at(0),
    hardware: {
      manufacturer: 'Dell Inc.',
      product: 'PowerEdge R640',
      cpus: [{ model: 'm', cores: 8 }],
      memory: 2 ** 40,
      nics: [],
      drives: [{ size: 1 }],
      accelerators: [],
    },
    networks: ['10.1.0.0/24'],
    disk_boot: 'sanboot',
    client: { any: { https: true, max_redirect_length: 500 } },
    managed_by: 'apply',
    active: newId(),
  };
  const wholeProfile: Required<ProfileRevision> = {
    ...revision({ cmdline: 'console={{ machine.name }}' }),
    kernel: resolvedAsset(),
    initrds: [resolvedAsset()],
    efi: resolvedAsset(),
    iso: resolvedAsset(),
    rootfs: resolvedAsset(),
    files: { 'a.b': resolvedAsset(), __x__: resolvedAsset(), x_at: resolvedAsset() },
    disk: true,
    metadata: { '': [[1, [null]], { __x__: '' }] },
    machine_id: newId(),
  };
  const wholeRule: Required<Rule> = {
    ...rule({
      history,
      selector: {
        any: [
          { label: { __x__: true } },
          { not: { all: [] } },
          { manufacturer: 'Dell*' },
          { product: 'R6' },
          { hardware: { cpu: 'epyc', memory_at_least: 2 ** 36, drive: '*', accelerator: 'h100', nic: 'x' } },
        ],
      },
    }),
    rollout: { revision: newId(), percent: 5, started_at: at(1), halted_at: at(2), reason: 'r' },
    managed_by: 'apply',
    active: newId(),
  };
  const wholeToken: Required<ApiToken> = { ...token(), expires_at: at(1), revoked_at: at(2) };
  const { step, ...head } = bootEntry({ boot: newId(), revision: newId() });
  const wholeStep: BootEntry['step'] = { ...step, detail: '{"disk": "sda"}', times: 2, last_at: at(1) };
  const wholeBoot = { ...head, step: wholeStep, left_out: 3 } satisfies BootEntry;
  const wholeEntry: Required<AuditEntry> = {
    ...auditEntry(),
    from: '127.0.0.1',
    target: { kind: 'machine', id: newId() },
    reason: 'because',
    count: 2,
    before: { '': [[]] },
    after: null,
  };
  const seen = pending({ arch: 'x86_64', platform: 'efi', version: '2.0', uuid: newId(), serial: 'S' });
  return {
    machine: wholeMachine,
    profile: wholeProfile,
    rule: wholeRule,
    token: wholeToken,
    asset: wholeAsset(),
    boot: wholeBoot,
    entry: wholeEntry,
    pending: seen,
  };
}
