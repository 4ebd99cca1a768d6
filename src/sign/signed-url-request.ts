import type { SignedRequest } from './canonical-request.ts';
import { readTarget } from './request-target.ts';
import { hostSpellings, readSignedHeaders } from './signed-headers.ts';
import { type Claim, readClaim } from './signing-parameters.ts';
import { METHODS } from './v4.ts';
import { type Failure, malformed } from './verification-failure.ts';

/** A request as it came. */
export interface Received {
  readonly method: string;
  /** The raw request target, never decoded. */
  readonly target: string;
  /** Names and values in turn, as node's `rawHeaders`. */
  readonly rawHeaders: readonly string[];
}

/** Which hosts a storage answers to. */
export interface Hosts {
  /** The bucket whose own host this is (lower case, no port): virtual-hosted or bucket-bound. Undefined: path style. */
  readonly bucketOf?: (host: string) => string | undefined;
  /** Names that URLs may have been signed for, tried only to tell a wrong host from a wrong signature. */
  readonly names?: readonly string[];
}

/** A bucket, or an object in it, by decoded name. */
interface Place {
  readonly bucket: string;
  readonly object: string | undefined;
}

/** A well-formed request, and what its URL claims; nothing is verified yet. */
export interface SignedUrlRequest {
  readonly signed: SignedRequest;
  readonly claim: Claim;
  readonly place: Place;
  /** What `host` may have been signed as, the usual first. */
  readonly hosts: readonly [string, ...string[]];
}

/** Reads a request that should carry a signed URL. Decodes once: what is verified and what is opened come from one string. */
export function readRequest(received: Received, bucketOf: Hosts['bucketOf']): SignedUrlRequest | Failure {
  const { method } = received;
  if (!(METHODS as readonly string[]).includes(method))
    return {
      kind: 'method',
      signedFor: undefined,
      message: `No URL can be signed for ${method}, only for ${METHODS.join(', ')}`,
    };
  const target = readTarget(received.target);
  if ('kind' in target) return target;
  const claim = readClaim(target.query);
  if ('kind' in claim) return claim;
  const headers = readSignedHeaders(received.rawHeaders, claim.signedHeaders);
  if ('kind' in headers) return headers;
  const hosts = hostSpellings(headers.get('host') ?? '');
  if (!hosts)
    return {
      kind: 'host',
      signedFor: undefined,
      message: 'The Host header is no host with or without a port',
    };
  const place = readPlace(target.path, bucketOf?.(hosts[0]));
  if ('kind' in place) return place;
  const query = new Map(target.query);
  query.delete('X-Goog-Signature');
  return { signed: { method, path: target.path, query, headers }, claim, place, hosts };
}

function readPlace(path: string, hostBucket: string | undefined): Place | Failure {
  if (hostBucket !== undefined) return { bucket: hostBucket, object: path.slice(1) || undefined };
  const slash = path.indexOf('/', 1);
  const bucket = path.slice(1, slash < 0 ? undefined : slash);
  if (bucket === '' || slash === 0) return malformed('The path names no bucket');
  return { bucket, object: slash < 0 ? undefined : path.slice(slash + 1) || undefined };
}
