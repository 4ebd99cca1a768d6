/** `open`: its URL is out. `done`: its bytes became the asset. `failed`: they did not; a new upload is needed. */
export type UploadState = 'open' | 'done' | 'failed';

/** One attempt to bring an asset's bytes. Its object name is used for nothing else, ever. */
export interface Upload {
  /** UUIDv7. */
  readonly id: string;
  readonly asset_id: string;
  readonly object: string;
  readonly state: UploadState;
  /** RFC 3339. Until then the signed URL starts a session; a session that has started lives on. */
  readonly expires_at: string;
  readonly created_at: string;
}
