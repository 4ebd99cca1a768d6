/**
 * `open`: its bytes may come. `done`: they became the asset. `failed`: they did not. `expired`: nobody completed it in time.
 * `aborted`: somebody gave it up. From all but the first there is no way back: a new upload is needed.
 */
export const uploadStates = ['open', 'done', 'failed', 'expired', 'aborted'] as const;
export type UploadState = (typeof uploadStates)[number];

/** Who opens the resumable session: the uploader, by a signed URL, or the broker itself. */
export const uploadModes = ['signed', 'session'] as const;
export type UploadMode = (typeof uploadModes)[number];

/** One attempt to bring an asset's bytes. Its object name is used for nothing else, ever. */
export interface Upload {
  /** UUIDv7. */
  readonly id: string;
  readonly asset_id: string;
  readonly object: string;
  readonly mode: UploadMode;
  readonly state: UploadState;
  /** RFC 3339. Until then the signed URL starts a session, or else the session that the broker opened takes bytes. */
  readonly expires_at: string;
  readonly created_at: string;
}

/** A resumable session lives one week, whatever became of the signature that started it (Google: "Resumable uploads"); in ms. */
const sessionLifeMs = 7 * 24 * 3600 * 1000;

/** How long a signed URL may start its session; in ms. */
export const startLifeMs = 3600 * 1000;

/** Until when the signed URL of an upload that is made now starts a session, or else the broker's own session takes bytes. */
export function expiryOf(mode: UploadMode, now: Date): Date {
  return new Date(now.getTime() + (mode === 'signed' ? startLifeMs : sessionLifeMs));
}

/** From when on no byte of it can come any more, in ms since 1970. */
export function endOf({ mode, expires_at }: Upload): number {
  return Date.parse(expires_at) + (mode === 'signed' ? sessionLifeMs : 0);
}
