import type { Asset, ResolvedAsset } from '../../src/boot/asset/asset.ts';
import type { AssetKind } from '../../src/boot/asset/asset-name.ts';
import type { Machine } from '../../src/boot/machine/machine.ts';
import type { ProfileRevision } from '../../src/boot/profile.ts';
import type { Rule } from '../../src/boot/rule/rule.ts';

export function asset(kind: AssetKind, more: Partial<Asset> = {}): Asset {
  return {
    id: `${kind}-id`,
    upload_id: 'upload-id',
    bucket: 'boot-assets',
    object: `assets/upload-id/debian-12-x86_64.${kind}`,
    generation: '1',
    kind,
    name: 'debian',
    version: '12',
    arch: 'x86_64',
    size: 1000,
    crc32c: 'AAAAAA==',
    sha256: '0'.repeat(64),
    type: 'application/octet-stream',
    etag: '"e"',
    last_modified: '2026-01-02T03:04:05.000Z',
    state: 'ready',
    created_at: '2026-01-01T00:00:00.000Z',
    updated_at: '2026-01-01T00:00:00.000Z',
    ready_at: '2026-01-01T00:00:00.000Z',
    ...more,
  };
}

export function resolvedAsset(kind: AssetKind): ResolvedAsset {
  return { ...(asset(kind) as Required<Asset>), asset_id: `${kind}-id` };
}

export function revision(more: Partial<ProfileRevision> = {}): ProfileRevision {
  return {
    id: '0197-rev',
    name: 'debian',
    arch: 'x86_64',
    initrds: [],
    cmdline: '',
    metadata: {},
    created_at: '2026-01-01T00:00:00.000Z',
    ...more,
  };
}

export function machine(more: Partial<Machine> = {}): Machine {
  return {
    id: '0197-machine',
    macs: ['52:54:00:aa:bb:01'],
    labels: {},
    networks: [],
    history: [],
    version: 1,
    created_at: '2026-01-01T00:00:00.000Z',
    updated_at: '2026-01-01T00:00:00.000Z',
    ...more,
  };
}

export function rule(more: Partial<Rule> = {}): Rule {
  return {
    id: `0197-${more.name ?? 'rule'}`,
    name: 'rule',
    selector: { all: [] },
    profile: 'debian',
    priority: 10,
    active: 'rev-1',
    history: [{ revision: 'rev-1', at: '2026-01-01T00:00:00.000Z' }],
    percent: 100,
    version: 1,
    created_at: '2026-01-01T00:00:00.000Z',
    updated_at: '2026-01-01T00:00:00.000Z',
    ...more,
  };
}
