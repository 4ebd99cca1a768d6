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
  /** What one host may cost; unset: what the process may open is the only bound. */
  readonly limits?: Limits;
  /** Whether it tells of requests that read. */
  readonly tellsServed?: boolean;
  /** `json`: one line per request on stdout, without the query. `silent` unless told. */
  readonly log?: 'silent' | 'json';
}

export interface Limits {
  /** Connections at once. */
  readonly total: number;
  /** Bits per second: whoever moves less for a minute gives way when there is no room. */
  readonly floor: number;
  /** Networks that may connect, in CIDR form; this host may always. Unset: everybody. */
  readonly allowed?: readonly string[];
  /** Networks of peers that speak for many. */
  readonly fronts?: readonly string[];
}

type Key =
  | { readonly identity: string; readonly algorithm: 'GOOG4-HMAC-SHA256'; readonly secret: string }
  | { readonly identity: string; readonly algorithm: 'GOOG4-RSA-SHA256'; readonly publicKeyPem: string };
