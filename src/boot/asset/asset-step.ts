import type { Auditor } from '../access/audit.ts';
import type { Asset, AssetState } from './asset.ts';
import type { Upload, UploadState } from './upload.ts';

/** What of an asset must be as it was read; anything else means that somebody was faster. */
export interface AssetExpectation {
  readonly state: AssetState;
  readonly upload_id: string;
  /** Given: nothing else of it has changed either. */
  readonly updated_at?: string;
}

/** One write to one asset. With the asset as it is, it only insists that it still is so when all the rest happens. */
export interface AssetChange {
  readonly kind: 'asset';
  readonly of: Asset;
  /** Undefined: nothing has its name. */
  readonly expected: AssetExpectation | undefined;
  /** Undefined: it goes, with its upload. */
  readonly to: Asset | undefined;
}

/** One write to one upload. */
export interface UploadChange {
  readonly kind: 'upload';
  /** The state that it is in; undefined: it is not there. */
  readonly expected: UploadState | undefined;
  readonly to: Upload;
}

/** One step in an asset's life. */
export interface Step {
  /** To be written together, or not at all. */
  readonly changes: readonly (AssetChange | UploadChange)[];
  /** What the audit log is told of it. */
  readonly told: Parameters<Auditor>;
  /** As it is afterwards; one that is deleted: as it was last. */
  readonly asset: Asset;
  /** Why its bytes are of no use: they can be deleted when this is written. */
  readonly failure?: string;
}

/** Nothing of it changes while the rest is written. */
export function insisted(asset: Asset): AssetChange {
  return { kind: 'asset', of: asset, expected: asRead(asset), to: asset };
}

/** Nothing of it has changed since. */
export function asRead({ state, upload_id, updated_at }: Asset): AssetExpectation {
  return { state, upload_id, updated_at };
}

/** One change of one asset. */
export function step(action: string, asset: Asset, expected: AssetExpectation, to: Asset | undefined): Step {
  return {
    changes: [{ kind: 'asset', of: asset, expected, to }],
    told: [action, { kind: 'asset', id: asset.id }, asset, to],
    asset: to ?? asset,
  };
}

/** The step that ends the upload as well. */
export function ending(step: Step, upload: Upload, as: UploadState): Step {
  const over: UploadChange = { kind: 'upload', expected: upload.state, to: { ...upload, state: as } };
  return { ...step, changes: [...step.changes, over] };
}
