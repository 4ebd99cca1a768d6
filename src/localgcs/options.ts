/** Crosses into the worker: everything in it can be cloned. */
export interface LocalgcsOptions {
  /** Objects and their index live below it. */
  readonly dataDir: string;
  /** With port 0 the system chooses one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Exist from the start. */
  readonly buckets: readonly string[];
  /**
   * The bearer token for everything that is not V4-signed. Undefined: open, and then only on loopback, to a
   * loopback Host, without Origin.
   */
  readonly token: string | undefined;
  /** Who may sign. */
  readonly keys: readonly Key[];
  /** `json`: one line per request on stdout, without the query. `silent` unless told. */
  readonly log?: 'silent' | 'json';
}

type Key =
  | { readonly identity: string; readonly algorithm: 'GOOG4-HMAC-SHA256'; readonly secret: string }
  | { readonly identity: string; readonly algorithm: 'GOOG4-RSA-SHA256'; readonly publicKeyPem: string };
