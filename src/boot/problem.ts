/**
 * Every reason for which the broker says no, with its HTTP status: one table, so that the types are stable.
 * On the wire the type is `urn:bootbroker:problem:NAME` (RFC 9457 section 3.1.1).
 */
export const problems = {
  'bad-request': { status: 400, title: 'That is not HTTP as this server takes it' },
  'bad-request-target': { status: 400, title: 'The request target is not one this server takes' },
  'bad-identity': { status: 400, title: 'That does not identify a machine' },
  'bad-input': { status: 400, title: 'The request is not valid' },
  unauthenticated: { status: 401, title: 'This needs a bearer token' },
  'source-not-allowed': { status: 403, title: 'This address may not boot from here' },
  'machine-not-here': { status: 403, title: 'This machine does not boot from this address' },
  'asset-not-here': { status: 403, title: 'This asset is not handed out to this address' },
  'not-vouched': { status: 403, title: 'No edge vouches for this request' },
  'claim-contradicted': { status: 403, title: 'This is not the machine that it says it is' },
  'from-a-browser': { status: 403, title: 'This is not taken from browsers' },
  forbidden: { status: 403, title: 'This token does not open that' },
  'no-such-route': { status: 404, title: 'Nothing is served here' },
  'unknown-machine': { status: 404, title: 'No such machine' },
  'unknown-rule': { status: 404, title: 'No such rule' },
  'no-profile': { status: 404, title: 'The machine has no profile' },
  'boots-from-disk': { status: 404, title: 'The machine boots from its disk' },
  'unknown-profile': { status: 404, title: 'No such profile revision' },
  'unknown-asset': { status: 404, title: 'No such asset' },
  'unknown-pending': { status: 404, title: 'No such pending machine' },
  'unknown-token': { status: 404, title: 'No such token' },
  'unknown-upload': { status: 404, title: 'No such upload' },
  'method-not-allowed': { status: 405, title: 'The method is not allowed here' },
  'request-timeout': { status: 408, title: 'No complete request came in time' },
  'mac-taken': { status: 409, title: 'Another machine holds this MAC' },
  'pending-contradicted': { status: 409, title: 'It is not settled who this pending machine is' },
  'rule-taken': { status: 409, title: 'Another rule has this name or priority' },
  'too-many-rules': { status: 409, title: 'There is no room for more rules' },
  'wrong-architecture': { status: 409, title: 'What the machine boots is for another architecture' },
  'no-earlier-revision': { status: 409, title: 'There is nothing to go back to' },
  'no-rollout': { status: 409, title: 'No new revision is on its way' },
  'asset-exists': { status: 409, title: 'This asset exists' },
  'upload-incomplete': { status: 409, title: 'The bytes are not all there' },
  'upload-mismatch': { status: 409, title: 'The bytes are not the ones that were announced' },
  'upload-superseded': { status: 409, title: 'A newer upload has taken the place of this one' },
  'upload-over': { status: 409, title: 'This upload has ended' },
  'precondition-failed': { status: 412, title: 'It has changed, or is not what was asked for' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'change-too-large': { status: 413, title: 'This is too much for one write' },
  'unsupported-media-type': { status: 415, title: 'The body is not of a type that is read here' },
  'range-not-satisfiable': { status: 416, title: 'The asset has no such bytes' },
  misdirected: { status: 421, title: 'This host name is not served here' },
  unappliable: { status: 422, title: 'That state cannot be had' },
  'template-error': { status: 422, title: 'The command line cannot be rendered' },
  'asset-not-ready': { status: 422, title: 'The asset is missing or not ready' },
  'too-many-reports': { status: 429, title: 'Too many reports at once' },
  'headers-too-large': { status: 431, title: 'The request line and headers are too large' },
  'asset-damaged': { status: 500, title: 'The bytes of this asset are lost or damaged' },
  internal: { status: 500, title: 'The broker failed' },
  'too-many-streams': { status: 503, title: 'Too many transfers at once' },
  'issuer-down': { status: 503, title: 'The issuer of the token does not give its keys' },
  'apply-busy': { status: 503, title: 'Others apply at the moment' },
  'store-down': { status: 503, title: 'A store that this needs does not answer' },
} as const;

export type Problem = keyof typeof problems;

/** What is wrong with one part of a body, as in the examples of RFC 9457 section 3. */
export interface FieldError {
  /** JSON Pointer as a URI fragment (RFC 6901 section 6), such as `#/machines/3/macs/0`. */
  readonly pointer: string;
  readonly detail: string;
}

/** A no, as a value. `detail` says what happened, to what, and what to do next; it never holds a secret. */
export interface Refusal {
  readonly kind: 'refuse';
  readonly problem: Problem;
  readonly detail: string;
  /** The same for the log alone: it may name machines and networks, which whoever asked need not hear of. */
  readonly logged?: string;
  /** Which parts of the request's body are wrong. */
  readonly errors?: readonly FieldError[];
  /** Response headers that belong to this refusal, such as Retry-After or Content-Range. */
  readonly headers?: Readonly<Record<string, string>>;
}

export function refuse(problem: Problem, detail: string, headers?: Record<string, string>): Refusal {
  return { kind: 'refuse', problem, detail, ...(headers && { headers }) };
}

/** Mistakes that one answer lists, however many were sent. */
export const mostErrors = 100;

/** A refusal of parts of a body, by their paths in it. */
export function refuseParts(
  problem: Problem,
  detail: string,
  parts: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[],
): Refusal {
  const errors = parts
    .slice(0, mostErrors)
    .map(({ path, message }) => ({ pointer: pointerTo(path), detail: message }));
  return { ...refuse(problem, detail), errors };
}

function pointerTo(path: readonly PropertyKey[]): string {
  const steps = path.map((step) => String(step).toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1'));
  return `#${steps.map((step) => `/${encodeURIComponent(step)}`).join('')}`;
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && (value as Refusal).kind === 'refuse';
}
