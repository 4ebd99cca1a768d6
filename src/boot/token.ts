/** What somebody may do: each role may do all that the one before it may. */
export type Role = 'viewer' | 'operator' | 'admin';

/** A token of the admin plane, without its secret. */
export interface ApiToken {
  /** UUIDv7. */
  readonly id: string;
  /** Raised by one with each write. */
  readonly version: number;
  readonly name: string;
  readonly role: Role;
  /** SHA-256 of the secret, hex. */
  readonly hash: string;
  /** RFC 3339. */
  readonly created_at: string;
  readonly expires_at?: string;
  readonly revoked_at?: string;
}
