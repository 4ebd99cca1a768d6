import type { Auditor } from '../../boot/access/audit.ts';
import type { Upload } from '../../boot/asset/upload.ts';
import type { Network } from '../../boot/network.ts';
import type { EdgeVerifier } from '../../boot/source.ts';
import type { CommonParts } from '../plane/parts.ts';
import type { Planner } from './apply/planner.ts';
import type { OidcOptions } from './login/oidc.ts';
import type { RefusalLog } from './login/refusal-log.ts';

/** What the admin plane is made of. */
export interface AdminParts extends CommonParts, OidcOptions {
  readonly bucket: string;
  readonly adminToken: string;
  readonly adminHosts: readonly string[];
  /** For explain: who may boot, and whether only what an edge vouches for is believed. */
  readonly allowedNetworks: readonly Network[];
  readonly edge: EdgeVerifier | undefined;
  /** Whose X-Forwarded-For the audit log believes. */
  readonly trustedProxies: readonly Network[];
  readonly refusals: RefusalLog;
  /** Reads, checks and plans applies in its own thread. */
  readonly planner: Planner;
  /** Starts, or joins, the verification of an asset whose bytes are all there. */
  readonly verify: (assetId: string) => Promise<void>;
  /** Looks whether an asset's object still has its bytes, and writes down if not. */
  readonly look: (assetId: string) => Promise<void>;
  /** Reads all bytes of an asset, and writes down what it found. */
  readonly scrub: (assetId: string) => Promise<void>;
  /** Ends an open upload, if nobody else ends it first. */
  readonly abort: (upload: Upload, audit: Auditor) => Promise<unknown>;
  /** Garbage collection. */
  readonly collect: (
    how: { readonly dryRun: boolean; readonly orphanAgeMs: number },
    audit: Auditor,
  ) => Promise<unknown>;
}
