/** What its holder may do: read; change what boots; or also hand out tokens. */
export type Role = 'viewer' | 'operator' | 'admin';

/** An API token. The secret itself is kept nowhere. */
export interface ApiToken {
  /** UUIDv7. */
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** SHA-256 of the secret, hex. */
  readonly hash: string;
  /** 1 when created; each write raises it by one. */
  readonly version: number;
  /** RFC 3339. */
  readonly created_at: string;
  readonly expires_at?: string;
  readonly revoked_at?: string;
}
