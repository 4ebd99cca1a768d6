/** Where bytes lie in Cloud Storage. The generation pins one version of the object for good. */
export interface BlobRef {
  readonly bucket: string;
  readonly object: string;
  readonly generation: string;
}

/**
 * Why an answer comes as it does, in a word: for metrics, whose labels have few values. The sentence beside it names the client,
 * the machine and the rule.
 */
export type Ground =
  | 'head'
  | 'edge-caches'
  | 'no-redirects'
  | 'iso-in-ranges'
  | 'reencodes-query'
  | 'no-https'
  | 'url-too-long'
  | 'follows-redirects'
  | 'beside-loader'
  | 'anonymous'
  /** Who says what the machine boots. */
  | 'machine'
  | 'rule'
  | 'unknown-policy'
  | 'nothing';

/** What every plan says of itself, for logs and explain. */
export interface Reasoned {
  readonly ground: Ground;
  readonly reason: string;
}

/** Rendered text, sent as is. */
export interface TextPlan extends Reasoned {
  readonly kind: 'text';
  readonly type: string;
  readonly body: string;
}

/** The script that sends a machine on to its own disk. */
export interface DiskPlan extends Reasoned {
  readonly kind: 'disk';
  readonly type: string;
  readonly body: string;
}

/** What an asset's answer says about it, whoever sends the bytes. */
export interface Delivery {
  readonly blob: BlobRef;
  readonly size: number;
  readonly type: string;
  /** Strong entity tag with its quotes (RFC 9110 section 8.8.3). */
  readonly etag: string;
  readonly lastModified: Date;
  readonly fileName: string;
  readonly cacheControl: string;
}

/** The client follows the signed URL. */
export interface RedirectPlan extends Reasoned {
  readonly kind: 'redirect';
  readonly delivery: Delivery;
  /** Life of the signed URL. Loaders start at once and every retry gets a fresh one: minutes. */
  readonly ttlSeconds: number;
  readonly scheme: 'http' | 'https';
  /** Characters that the client takes in a Location. */
  readonly maxLength?: number;
  /** When no signer's URL is as short. */
  readonly otherwise: HandoffPlan | StreamPlan;
}

/** The edge in front follows the signed URL, which never leaves it. */
export interface HandoffPlan extends Reasoned {
  readonly kind: 'handoff';
  readonly delivery: Delivery;
  /** Life of the signed URL. An edge that fetches in slices uses the first one to the end of the transfer: hours. */
  readonly ttlSeconds: number;
}

/** The broker follows the signed URL and passes the bytes on. */
export interface StreamPlan extends Reasoned {
  readonly kind: 'stream';
  readonly delivery: Delivery;
  /** Life of the signed URL. The broker uses it within the second. */
  readonly ttlSeconds: number;
}

/** How the bytes of an asset come: who follows the signed URL. */
export type AssetPlan = RedirectPlan | HandoffPlan | StreamPlan;

export type Plan = TextPlan | DiskPlan | AssetPlan;
